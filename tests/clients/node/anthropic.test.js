// @anthropic-ai/sdk: messages, tokens, models and errors.
import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";
import { BASE, KEY, OMITTED, PICTURE, REFUSED, WEATHER, failing, gathered, governed } from "./asked.js";

const client = new Anthropic({ baseURL: BASE, apiKey: KEY });
const once = new Anthropic({ baseURL: BASE, apiKey: KEY, maxRetries: 0 });
const say = (content, more = {}) => ({ model: "actor", max_tokens: 2000, messages: [{ role: "user", content }], ...more });
const tools = [{ name: WEATHER.name, description: WEATHER.description, input_schema: WEATHER.parameters }];
const textOf = (message) => message.content.filter((block) => block.type === "text").map((block) => block.text).join("");
const Place = z.object({ name: z.string(), people: z.number() });

test("an answer", async () => {
  const answer = await client.messages.create(say("Say: one two three", { system: "Be short." }));
  assert.equal(answer.stop_reason, "end_turn");
  assert.equal(answer.role, "assistant");
  assert.match(textOf(answer), /one two three$/);
});

test("an answer is the model's alone", async () => {
  assert.equal(textOf(await client.messages.create(say("Say: one two three"))), "one two three");
});

test("a stream", async () => {
  const events = await gathered(await client.messages.create(say("Say: one two three", { stream: true })));
  assert.equal(events[0].type, "message_start");
  assert.equal(events.at(-1).type, "message_stop");
  const text = events.map((event) => (event.type === "content_block_delta" ? (event.delta.text ?? "") : "")).join("");
  assert.match(text, /one two three$/);
});

test("the helper for streams", async () => {
  const pieces = [];
  const stream = client.messages.stream(say("Say: one two three")).on("text", (piece) => pieces.push(piece));
  const message = await stream.finalMessage();
  assert.match(textOf(message), /one two three$/);
  assert.equal(pieces.join(""), textOf(message));
  assert.equal(message.stop_reason, "end_turn");
});

test("a conversation", async () => {
  const first = await client.messages.create(say("Hello."));
  const messages = [
    { role: "user", content: "Hello." },
    { role: "assistant", content: first.content },
    { role: "user", content: "Say: two" },
  ];
  assert.match(textOf(await client.messages.create({ model: "actor", max_tokens: 2000, messages })), /two$/);
});

test("usage", async () => {
  const { usage } = await client.messages.create(say("Say: one two three"));
  assert.ok(usage.input_tokens > 0);
  assert.equal(usage.output_tokens, 3);
});

test("usage of a stream begins with the input", async () => {
  const events = await gathered(await client.messages.create(say("Say: one two three", { stream: true })));
  assert.ok(events[0].message.usage.input_tokens > 0);
  assert.equal(events.at(-2).usage.output_tokens, 3);
});

test("tokens are counted", async () => {
  const { input_tokens } = await client.messages.countTokens({
    model: "actor",
    messages: [{ role: "user", content: "one two three" }],
  });
  assert.equal(input_tokens, 3);
});

test("a call", async () => {
  const answer = await client.messages.create(say("The weather?", { tools }));
  assert.equal(answer.stop_reason, "tool_use");
  assert.deepEqual(answer.content.map((block) => block.type), ["tool_use"]);
  assert.equal(answer.content[0].input.location, "a word");
});

test("a call on a stream", async () => {
  const answer = await client.messages.stream(say("The weather?", { tools })).finalMessage();
  assert.equal(answer.stop_reason, "tool_use");
  assert.deepEqual(answer.content.map((block) => block.type), ["tool_use"]);
  assert.equal(answer.content[0].input.location, "a word");
});

test("a tool loop", async () => {
  const first = await client.messages.create(say("The weather?", { tools }));
  const result = { type: "tool_result", tool_use_id: first.content[0].id, content: "sunny" };
  const messages = [
    { role: "user", content: "The weather?" },
    { role: "assistant", content: first.content },
    { role: "user", content: [result] },
  ];
  const second = await client.messages.create({ model: "actor", max_tokens: 2000, messages, tools });
  assert.match(textOf(second), /The result is sunny\.$/);
});

for (const stream of [false, true]) {
  test(`the helper for tool loops${stream ? " on streams" : ""}`, async () => {
    const weather = betaZodTool({
      name: WEATHER.name,
      description: WEATHER.description,
      inputSchema: z.object({ location: z.string() }),
      run: () => "sunny",
    });
    const last = await client.beta.messages.toolRunner(say("The weather?", { tools: [weather], stream })).runUntilDone();
    assert.match(textOf(last), /The result is sunny\.$/);
  });
}

test("a required call, and none", async () => {
  const required = await client.messages.create(say("Hello.", { tools, tool_choice: { type: "tool", name: WEATHER.name } }));
  assert.equal(required.content.at(-1).name, WEATHER.name);
  const none = await client.messages.create(say("The weather?", { tools, tool_choice: { type: "none" } }));
  assert.equal(none.stop_reason, "end_turn");
});

test("a structured answer", async () => {
  const asked = say("'Tartu' has 97 people", { output_config: { format: zodOutputFormat(Place) } });
  assert.deepEqual((await client.messages.parse(asked)).parsed_output, { name: "Tartu", people: 97 });
  assert.deepEqual((await client.messages.stream(asked).finalMessage()).parsed_output, { name: "Tartu", people: 97 });
});

test("thoughts come first", async () => {
  const asked = say("Say: one", { thinking: { type: "enabled", budget_tokens: 1024 } });
  for (const answer of [await client.messages.create(asked), await client.messages.stream(asked).finalMessage()]) {
    assert.deepEqual(answer.content.map((block) => block.type), ["thinking", "text"]);
    assert.match(answer.content[0].thinking, /^I am asked/);
    assert.ok(answer.content[0].signature);
  }
});

test("a signature is the server's", async () => {
  const answer = await client.messages.create(say("Say: one", { thinking: { type: "enabled", budget_tokens: 1024 } }));
  assert.equal(answer.content[0].signature, "c2lnbmVk");
});

test("a picture", async () => {
  const content = [
    { type: "text", text: "What is it?" },
    { type: "image", source: { type: "base64", media_type: "image/png", data: PICTURE } },
  ];
  assert.match(textOf(await client.messages.create(say(content))), /1 picture/);
});

test("an answer that is cut", async () => {
  const answer = await client.messages.create(say("Say: one two three four", { max_tokens: 2 }));
  assert.equal(answer.stop_reason, "max_tokens");
  assert.match(textOf(answer), /one two$/);
});

test("an answer that stops", async () => {
  const answer = await client.messages.create(say("Say: one two three", { stop_sequences: ["three"] }));
  assert.equal(answer.stop_reason, "stop_sequence");
  assert.equal(answer.stop_sequence, "three");
});

test("an answer that is given up", async () => {
  const stream = client.messages.stream(say("Say: one. two. three. four.", { system: "Speak slowly." }));
  stream.on("text", () => stream.abort());
  await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
  assert.match(textOf(await client.messages.create(say("Say: next"))), /next$/);
});

test("models: the list", async () => {
  assert.deepEqual((await gathered(await client.models.list())).map((model) => model.id), ["actor", "understudy"]);
});

test("models: one", async () => {
  assert.equal((await client.models.retrieve("actor")).id, "actor");
});

test("errors: a value that the server does not take", async () => {
  const error = await client.messages.create(say("Hello.", { temperature: 9 })).catch((caught) => caught);
  assert.ok(error instanceof Anthropic.BadRequestError);
  assert.equal(error.error.error.type, "invalid_request_error");
  assert.match(error.error.error.message, /temperature/);
  assert.ok(error.requestID);
});

test("errors: a wrong key", async () => {
  const stranger = new Anthropic({ baseURL: BASE, apiKey: "wrong" });
  await assert.rejects(stranger.messages.create(say("Hello.")), Anthropic.AuthenticationError);
});

test("errors: a model that is not there", async () => {
  await assert.rejects(client.messages.create({ ...say("Hello."), model: "nobody" }), Anthropic.NotFoundError);
});

test("errors: too many requests", async () => {
  const error = await once.messages.create(say(failing("429 always"))).catch((caught) => caught);
  assert.ok(error instanceof Anthropic.RateLimitError);
  assert.equal(error.error.error.type, "rate_limit_error");
});

test("errors: a fault of the server's", async () => {
  await assert.rejects(once.messages.create(say(failing("500 always"))), Anthropic.InternalServerError);
  await assert.rejects(once.messages.stream(say(failing("500 always"))).finalMessage(), Anthropic.InternalServerError);
});

test("errors: a second try", async () => {
  for (const status of [429, 500, 503]) {
    assert.match(textOf(await client.messages.create(say(failing(`${status} once`)))), /Good day/);
  }
});

test("ids: each answer has one", async () => {
  const { data, request_id } = await client.messages.create(say("Hello.")).withResponse();
  assert.ok(request_id);
  assert.equal(data._request_id, request_id);
});

governed("an omission, whole and on a stream", async () => {
  const asked = say(`Say: Before it. Here is ${OMITTED}. After it.`);
  const whole = await client.messages.create(asked);
  assert.equal(whole.ordinance.verdict, "withhold");
  for (const answer of [whole, await client.messages.stream(asked).finalMessage()]) {
    assert.ok(!JSON.stringify(answer).includes(OMITTED));
    assert.match(textOf(answer), /Before it\. Here is ⟦…⟧\. After it\./);
    assert.match(textOf(answer), /86a/);
  }
});

governed("a refusal", async () => {
  for (const answer of [await client.messages.create(say(REFUSED)), await client.messages.stream(say(REFUSED)).finalMessage()]) {
    assert.equal(answer.stop_reason, "refusal");
    assert.ok(textOf(answer).length > 20);
  }
});
