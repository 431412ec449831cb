// openai-node: chat, completions, models and errors; responses are in a file of their own.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { BASE, KEY, OMITTED, PICTURE, REFUSED, WEATHER, failing, gathered, governed } from "./asked.js";
import "./openai_responses.js";

const client = new OpenAI({ baseURL: `${BASE}/v1`, apiKey: KEY });
const once = new OpenAI({ baseURL: `${BASE}/v1`, apiKey: KEY, maxRetries: 0 });
const say = (content, more = {}) => ({ model: "actor", messages: [{ role: "user", content }], ...more });
const ask = (input, more = {}) => ({ model: "actor", input, ...more });
const tools = [{ type: "function", function: WEATHER }];
const runnable = [{ type: "function", function: { ...WEATHER, function: () => "sunny", parse: JSON.parse } }];
const Place = z.object({ name: z.string(), people: z.number() });

// chat

test("chat: an answer", async () => {
  const answer = await client.chat.completions.create(say("Say: one two three"));
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.match(answer.choices[0].message.content, /one two three$/);
  assert.equal(answer.choices[0].message.role, "assistant");
  assert.equal(answer.model, "actor");
});

test("chat: an answer is the model's alone", async () => {
  const answer = await client.chat.completions.create(say("Say: one two three"));
  assert.equal(answer.choices[0].message.content, "one two three");
});

test("chat: a stream", async () => {
  const chunks = await gathered(await client.chat.completions.create(say("Say: one two three", { stream: true })));
  assert.match(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), /one two three$/);
  assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
});

test("chat: the helper for streams", async () => {
  const stream = client.chat.completions.stream(say("Say: one two three"));
  assert.match(await stream.finalContent(), /one two three$/);
  assert.equal((await stream.finalChatCompletion()).choices[0].finish_reason, "stop");
});

test("chat: a conversation", async () => {
  const first = await client.chat.completions.create(say("Hello."));
  const messages = [{ role: "user", content: "Hello." }, first.choices[0].message, { role: "user", content: "Say: two" }];
  assert.match((await client.chat.completions.create({ model: "actor", messages })).choices[0].message.content, /two$/);
});

test("chat: usage", async () => {
  const { usage } = await client.chat.completions.create(say("Say: one two three"));
  assert.equal(usage.completion_tokens, 3);
  assert.equal(usage.total_tokens, usage.prompt_tokens + 3);
});

test("chat: usage of a stream", async () => {
  const asked = say("Say: one two three", { stream: true, stream_options: { include_usage: true } });
  const last = (await gathered(await client.chat.completions.create(asked))).at(-1);
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.completion_tokens, 3);
});

test("chat: a call", async () => {
  const { message, finish_reason } = (await client.chat.completions.create(say("The weather?", { tools }))).choices[0];
  assert.equal(finish_reason, "tool_calls");
  assert.equal(message.content, null);
  assert.equal(message.tool_calls[0].function.name, "get_weather");
  assert.deepEqual(Object.keys(JSON.parse(message.tool_calls[0].function.arguments)), ["location"]);
});

test("chat: a call on a stream", async () => {
  const stream = client.chat.completions.stream(say("The weather?", { tools }));
  const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0];
  assert.equal(finish_reason, "tool_calls");
  assert.equal(JSON.parse(message.tool_calls[0].function.arguments).location, "a word");
});

test("chat: a tool loop", async () => {
  const run = client.chat.completions.runTools(say("The weather?", { tools: runnable }));
  assert.match(await run.finalContent(), /The result is sunny\.$/);
  assert.deepEqual(run.messages.map((message) => message.role), ["user", "assistant", "tool", "assistant"]);
});

test("chat: a tool loop on streams", async () => {
  const run = client.chat.completions.runTools(say("The weather?", { tools: runnable, stream: true }));
  assert.match(await run.finalContent(), /The result is sunny\.$/);
});

test("chat: two calls at once", async () => {
  const time = { type: "function", function: { name: "get_local_time", parameters: { type: "object", properties: {} } } };
  const asked = say("The weather and the local time?", { tools: [...tools, time] });
  const { tool_calls } = (await client.chat.completions.create(asked)).choices[0].message;
  assert.deepEqual(tool_calls.map((call) => call.function.name), ["get_weather", "get_local_time"]);
  const streamed = await client.chat.completions.stream(asked).finalMessage();
  assert.equal(streamed.tool_calls.length, 2);
  assert.equal(new Set(streamed.tool_calls.map((call) => call.id)).size, 2);
});

test("chat: a required call", async () => {
  const asked = say("Hello.", { tools, tool_choice: { type: "function", function: { name: "get_weather" } } });
  const { tool_calls } = (await client.chat.completions.create(asked)).choices[0].message;
  assert.equal(tool_calls[0].function.name, "get_weather");
});

test("chat: no call where none is allowed", async () => {
  const answer = await client.chat.completions.create(say("The weather?", { tools, tool_choice: "none" }));
  assert.equal(answer.choices[0].message.tool_calls, undefined);
});

test("chat: a structured answer", async () => {
  const asked = say("'Tartu' has 97 people", { response_format: zodResponseFormat(Place, "place") });
  assert.deepEqual((await client.chat.completions.parse(asked)).choices[0].message.parsed, { name: "Tartu", people: 97 });
});

test("chat: a structured answer on a stream", async () => {
  const asked = say("'Tartu' has 97 people", { response_format: zodResponseFormat(Place, "place") });
  const { choices } = await client.chat.completions.stream(asked).finalChatCompletion();
  assert.deepEqual(choices[0].message.parsed, { name: "Tartu", people: 97 });
});

test("chat: any JSON object", async () => {
  const asked = say("An object with 'a' and 'b'", { response_format: { type: "json_object" } });
  const answer = await client.chat.completions.create(asked);
  assert.deepEqual(Object.keys(JSON.parse(answer.choices[0].message.content)), ["a", "b"]);
});

test("chat: log probabilities", async () => {
  const asked = say("Say: one two three", { logprobs: true, top_logprobs: 1 });
  const { content } = (await client.chat.completions.create(asked)).choices[0].logprobs;
  assert.equal(content.map((token) => token.token).join(""), "one two three");
  assert.equal(content[0].top_logprobs[0].token, "one");
  assert.equal(Buffer.from(content[1].bytes).toString(), " two");
});

test("chat: log probabilities of a stream", async () => {
  const chunks = await gathered(await client.chat.completions.create(say("Say: one two", { logprobs: true, stream: true })));
  const tokens = chunks.flatMap((chunk) => chunk.choices[0]?.logprobs?.content ?? []);
  assert.equal(tokens.map((token) => token.token).join(""), "one two");
});

test("chat: an answer that is cut", async () => {
  const { message, finish_reason } = (
    await client.chat.completions.create(say("Say: one two three four", { max_completion_tokens: 2 }))
  ).choices[0];
  assert.equal(finish_reason, "length");
  assert.match(message.content, /one two$/);
});

test("chat: an answer that stops", async () => {
  const { message, finish_reason } = (
    await client.chat.completions.create(say("Say: one two three", { stop: ["three"] }))
  ).choices[0];
  assert.equal(finish_reason, "stop");
  assert.match(message.content, /one two *$/);
});

test("chat: two answers", async () => {
  const { choices } = await client.chat.completions.create(say("Say: one", { n: 2 }));
  assert.deepEqual(choices.map((choice) => choice.index), [0, 1]);
  for (const choice of choices) assert.match(choice.message.content, /one$/);
});

test("chat: reasoning", async () => {
  const answer = await client.chat.completions.create(say("Say: one", { reasoning_effort: "low" }));
  assert.match(answer.choices[0].message.reasoning, /^I am asked/);
});

test("chat: a picture", async () => {
  const content = [
    { type: "text", text: "What is it?" },
    { type: "image_url", image_url: { url: `data:image/png;base64,${PICTURE}` } },
  ];
  assert.match((await client.chat.completions.create(say(content))).choices[0].message.content, /1 picture/);
});

test("chat: a picture by its address", async () => {
  const content = [{ type: "image_url", image_url: { url: "https://example.org/a.png" } }];
  assert.match((await client.chat.completions.create(say(content))).choices[0].message.content, /1 picture/);
});

test("chat: an answer that is given up", async () => {
  const messages = [{ role: "system", content: "Speak slowly." }, { role: "user", content: "Say: one. two. three. four." }];
  const stream = await client.chat.completions.create({ model: "actor", messages, stream: true });
  let chunks = 0;
  for await (const _ of stream) if (++chunks === 2) stream.controller.abort();
  assert.ok(chunks < 6, `${chunks} chunks`);
  assert.ok(stream.controller.signal.aborted);
  assert.match((await client.chat.completions.create(say("Say: next"))).choices[0].message.content, /next$/);
});

test("chat: an answer that is given up before it begins", async () => {
  const signal = AbortSignal.timeout(100);
  const messages = [{ role: "system", content: "Speak slowly." }, { role: "user", content: "Say: one. two. three. four." }];
  await assert.rejects(
    client.chat.completions.stream({ model: "actor", messages }, { signal }).finalContent(),
    OpenAI.APIUserAbortError,
  );
});

test("chat: twenty at once", async () => {
  const numbers = Array.from({ length: 20 }, (_, number) => number);
  const answers = await Promise.all(numbers.map((number) => client.chat.completions.create(say(`Say: n${number}`))));
  answers.forEach((answer, number) => assert.match(answer.choices[0].message.content, new RegExp(`n${number}$`)));
});

// completions

test("completions: an answer", async () => {
  const answer = await client.completions.create({ model: "actor", prompt: "Say: one two" });
  assert.match(answer.choices[0].text, /one two$/);
  assert.equal(answer.usage.completion_tokens, 2);
});

test("completions: a stream", async () => {
  const chunks = await gathered(await client.completions.create({ model: "actor", prompt: "Say: one two", stream: true }));
  assert.match(chunks.map((chunk) => chunk.choices[0]?.text ?? "").join(""), /one two$/);
});

test("completions: token ids as a prompt", async () => {
  assert.ok((await client.completions.create({ model: "actor", prompt: [1, 2, 3] })).choices[0].text);
});

// models, errors, ids

test("models: the list", async () => {
  assert.deepEqual((await gathered(await client.models.list())).map((model) => model.id), ["actor", "understudy"]);
});

test("models: one", async () => {
  assert.equal((await client.models.retrieve("actor")).id, "actor");
});

test("errors: a value that the server does not take", async () => {
  const wrong = client.chat.completions.create(say("Hello.", { temperature: 9 }));
  const error = await wrong.catch((caught) => caught);
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.param, "temperature");
  assert.ok(error.requestID);
});

test("errors: the server's own words", async () => {
  await assert.rejects(client.chat.completions.create(say("Hello.", { temperature: 9 })), /from 0 to 2/);
});

test("errors: a wrong key", async () => {
  const stranger = new OpenAI({ baseURL: `${BASE}/v1`, apiKey: "wrong" });
  await assert.rejects(stranger.chat.completions.create(say("Hello.")), OpenAI.AuthenticationError);
});

test("errors: a model that is not there", async () => {
  await assert.rejects(client.chat.completions.create({ ...say("Hello."), model: "nobody" }), OpenAI.NotFoundError);
});

test("errors: too many requests", async () => {
  await assert.rejects(once.chat.completions.create(say(failing("429 always"))), OpenAI.RateLimitError);
});

test("errors: a fault of the server's", async () => {
  await assert.rejects(once.chat.completions.create(say(failing("500 always"))), OpenAI.InternalServerError);
});

test("errors: the server's own status", async () => {
  const error = await once.chat.completions.create(say(failing("500 always"))).catch((caught) => caught);
  assert.equal(error.status, 500);
});

test("errors: a second try", async () => {
  for (const status of [429, 500, 503]) {
    const answer = await client.chat.completions.create(say(failing(`${status} once`)));
    assert.match(answer.choices[0].message.content, /Good day/);
  }
});

test("errors: of responses and on streams", async () => {
  await assert.rejects(once.responses.create(ask("Hello.", { temperature: 9 })), OpenAI.BadRequestError);
  await assert.rejects(once.chat.completions.stream(say(failing("429 always"))).finalContent(), OpenAI.RateLimitError);
  await assert.rejects(once.responses.stream(ask(failing("429 always"))).finalResponse(), OpenAI.RateLimitError);
});

test("ids: each answer has one", async () => {
  const { data, response, request_id } = await client.chat.completions.create(say("Hello.")).withResponse();
  assert.ok(request_id);
  assert.equal(request_id, response.headers.get("x-request-id"));
  assert.equal(data._request_id, request_id);
});

// what people see

governed("an omission in chat, whole and on a stream", async () => {
  const asked = say(`Say: Before it. Here is ${OMITTED}. After it.`);
  const whole = await client.chat.completions.create(asked);
  const stream = client.chat.completions.stream(asked);
  for (const text of [whole.choices[0].message.content, await stream.finalContent()]) {
    assert.ok(!text.includes(OMITTED));
    assert.match(text, /Before it\. Here is ⟦…⟧\. After it\./);
    assert.match(text, /86a/);
  }
  assert.equal(whole.ordinance.verdict, "withhold");
  assert.ok(!whole.usage);
  assert.equal((await stream.finalChatCompletion()).ordinance.verdict, "withhold");
});

governed("an omission in a structured answer, where helpers look", async () => {
  const asked = say(`97 people are in 'Here is ${OMITTED}.'`, { response_format: zodResponseFormat(Place, "place") });
  const whole = await client.chat.completions.parse(asked).withResponse();
  assert.deepEqual(whole.data.choices[0].message.parsed, { name: "Here is ⟦…⟧.", people: 97 });
  assert.match(JSON.parse(whole.response.headers.get("x-ordinance-notices")).at(-1), /86a/);
  const { message } = (await client.chat.completions.stream(asked).finalChatCompletion()).choices[0];
  assert.match(message.refusal, /86a/);
});

governed("a refusal", async () => {
  const { choices } = await client.chat.completions.create(say(REFUSED));
  assert.equal(choices[0].finish_reason, "content_filter");
  assert.ok(choices[0].message.content.length > 20);
  const streamed = await client.chat.completions.stream(say(REFUSED)).finalChatCompletion();
  assert.equal(streamed.choices[0].finish_reason, "content_filter");
  const answer = await client.responses.create(ask(REFUSED));
  assert.equal(answer.incomplete_details.reason, "content_filter");
  assert.ok(answer.output_text.length > 20);
});

governed("a refusal of a structured answer raises", async () => {
  const asked = say(REFUSED, { response_format: zodResponseFormat(Place, "place") });
  await assert.rejects(client.chat.completions.parse(asked), OpenAI.ContentFilterFinishReasonError);
});

governed("the disclosure stands in the answer and in none that is only calls", async () => {
  const run = client.chat.completions.runTools(say("The weather?", { tools: runnable }));
  assert.match(await run.finalContent(), /^.*AI.*\n\nThe result is sunny\.$/);
  assert.equal(run.messages[1].content, null);
});
