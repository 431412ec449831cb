// openai-node: responses.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { BASE, KEY, OMITTED, WEATHER, gathered, governed } from "./asked.js";

const client = new OpenAI({ baseURL: `${BASE}/v1`, apiKey: KEY });
const ask = (input, more = {}) => ({ model: "actor", input, ...more });
const Place = z.object({ name: z.string(), people: z.number() });

test("responses: an answer", async () => {
  const answer = await client.responses.create(ask("Say: one two three", { instructions: "Be short." }));
  assert.equal(answer.status, "completed");
  assert.match(answer.output_text, /one two three$/);
  assert.equal(answer.usage.output_tokens, 3);
});

test("responses: a stream", async () => {
  const events = await gathered(await client.responses.create(ask("Say: one two three", { stream: true })));
  const text = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta).join("");
  assert.match(text, /one two three$/);
  assert.equal(events.at(-1).response.usage.output_tokens, 3);
});

test("responses: the helper for streams", async () => {
  const stream = client.responses.stream(ask("Say: one two three"));
  assert.match((await stream.finalResponse()).output_text, /one two three$/);
});

test("responses: a tool loop", async () => {
  const functions = [{ type: "function", strict: false, ...WEATHER }];
  const input = [{ role: "user", content: "The weather?" }];
  const first = await client.responses.create(ask(input, { tools: functions }));
  assert.deepEqual(first.output.map((item) => item.type), ["function_call"]);
  const result = { type: "function_call_output", call_id: first.output[0].call_id, output: "sunny" };
  const second = await client.responses.create(ask([...input, ...first.output, result], { tools: functions }));
  assert.match(second.output_text, /The result is sunny\.$/);
});

test("responses: a call on a stream", async () => {
  const stream = client.responses.stream(ask("The weather?", { tools: [{ type: "function", strict: false, ...WEATHER }] }));
  const { output } = await stream.finalResponse();
  assert.equal(JSON.parse(output[0].arguments).location, "a word");
});

test("responses: a structured answer", async () => {
  const asked = ask("'Tartu' has 97 people", { text: { format: zodTextFormat(Place, "place") } });
  assert.deepEqual((await client.responses.parse(asked)).output_parsed, { name: "Tartu", people: 97 });
  assert.deepEqual((await client.responses.stream(asked).finalResponse()).output_parsed, { name: "Tartu", people: 97 });
});

test("responses: reasoning", async () => {
  const answer = await client.responses.create(ask("Say: one", { reasoning: { effort: "low" } }));
  assert.deepEqual(answer.output.map((item) => item.type), ["reasoning", "message"]);
});

test("responses: an answer that is cut", async () => {
  const answer = await client.responses.create(ask("Say: one two three four", { max_output_tokens: 2 }));
  assert.equal(answer.status, "incomplete");
  assert.equal(answer.incomplete_details.reason, "max_output_tokens");
});

test("responses: a response that the server keeps", async () => {
  const first = await client.responses.create(ask("Hello."));
  assert.ok(await client.responses.create(ask("And now?", { previous_response_id: first.id })));
});

governed("an omission in responses, whole and on a stream", async () => {
  const asked = ask(`Say: Before it. Here is ${OMITTED}. After it.`);
  for (const answer of [await client.responses.create(asked), await client.responses.stream(asked).finalResponse()]) {
    assert.ok(!JSON.stringify(answer).includes(OMITTED));
    assert.match(answer.output_text, /Before it\. Here is ⟦…⟧\. After it\./);
    assert.equal(answer.ordinance.verdict, "withhold");
  }
});
