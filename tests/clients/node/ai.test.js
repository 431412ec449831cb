// Vercel's AI SDK, with each provider that speaks one of the APIs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, Output, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";
import { BASE, KEY, OMITTED, PICTURE, REFUSED, failing, gathered, governed } from "./asked.js";

const openai = createOpenAI({ baseURL: `${BASE}/v1`, apiKey: KEY });
const compatible = { name: "compatible", baseURL: `${BASE}/v1`, apiKey: KEY, includeUsage: true };
const PROVIDERS = {
  "openai.responses": openai("actor"),
  "openai.chat": openai.chat("actor"),
  "openai-compatible": createOpenAICompatible({ ...compatible, supportsStructuredOutputs: true })("actor"),
  anthropic: createAnthropic({ baseURL: `${BASE}/v1`, apiKey: KEY })("actor"),
};
const tools = {
  get_weather: tool({
    description: "How the weather is in a place.",
    inputSchema: z.object({ location: z.string() }),
    execute: async () => "sunny",
  }),
};
const schema = z.object({ name: z.string(), people: z.number() });
const PLACE = { name: "Tartu", people: 97 };
const stopWhen = stepCountIs(3);
const silent = { onError: () => {} };

for (const [provider, model] of Object.entries(PROVIDERS)) {
  const each = (name, run) => test(`${provider}: ${name}`, run);

  each("a text", async () => {
    const { text, finishReason, usage } = await generateText({ model, system: "Be short.", prompt: "Say: one two three" });
    assert.match(text, /one two three$/);
    assert.equal(finishReason, "stop");
    assert.equal(usage.outputTokens, 3);
    assert.ok(usage.inputTokens > 0);
  });

  each("a text is the model's alone", async () => {
    assert.equal((await generateText({ model, prompt: "Say: one two three" })).text, "one two three");
  });

  each("a stream", async () => {
    const result = streamText({ model, prompt: "Say: one two three" });
    assert.match((await gathered(result.textStream)).join(""), /one two three$/);
    assert.equal(await result.finishReason, "stop");
    assert.equal((await result.usage).outputTokens, 3);
  });

  each("a conversation", async () => {
    const question = { role: "user", content: "Hello." };
    const { response } = await generateText({ model, messages: [question], providerOptions: { openai: { store: false } } });
    const messages = [question, ...response.messages, { role: "user", content: "Say: two" }];
    const { text } = await generateText({ model, messages, providerOptions: { openai: { store: false } } });
    assert.match(text, /two$/);
  });

  each("a tool loop", async () => {
    const { text, steps } = await generateText({ model, tools, stopWhen, prompt: "The weather?" });
    assert.match(text, /The result is sunny\.$/);
    assert.equal(steps.length, 2);
    assert.equal(steps[0].finishReason, "tool-calls");
    assert.equal(steps[0].text, "");
  });

  each("a tool loop on streams", async () => {
    const result = streamText({ model, tools, stopWhen, prompt: "The weather?" });
    assert.match((await gathered(result.textStream)).join(""), /The result is sunny\.$/);
    assert.equal((await result.steps).length, 2);
  });

  each("a required tool", async () => {
    const { toolCalls } = await generateText({ model, tools, toolChoice: "required", prompt: "Hello." });
    assert.equal(toolCalls[0].toolName, "get_weather");
  });

  each("an object", async () => {
    assert.deepEqual((await generateObject({ model, schema, prompt: "'Tartu' has 97 people" })).object, PLACE);
  });

  each("an object on a stream", async () => {
    const { object, partialObjectStream } = streamObject({ model, schema, prompt: "'Tartu' has 97 people" });
    assert.ok((await gathered(partialObjectStream)).length > 0);
    assert.deepEqual(await object, PLACE);
  });

  each("an object as the output of a text", async () => {
    const asked = { model, output: Output.object({ schema }), prompt: "'Tartu' has 97 people" };
    assert.deepEqual((await generateText(asked)).output, PLACE);
  });

  each("a picture", async () => {
    const content = [
      { type: "text", text: "What is it?" },
      { type: "image", image: Buffer.from(PICTURE, "base64") },
    ];
    assert.match((await generateText({ model, messages: [{ role: "user", content }] })).text, /1 picture/);
  });

  each("an answer that is cut", async () => {
    const { finishReason } = await generateText({ model, prompt: "Say: one two three four", maxOutputTokens: 2 });
    assert.equal(finishReason, "length");
  });

  each("an answer that is given up", async () => {
    const giving = new AbortController();
    let ended = false;
    const result = streamText({
      model,
      system: "Speak slowly.",
      prompt: "Say: one. two. three. four.",
      abortSignal: giving.signal,
      onAbort: () => (ended = true),
    });
    for await (const part of result.fullStream) if (part.type === "text-delta") giving.abort();
    assert.ok(ended);
    assert.match((await generateText({ model, prompt: "Say: next" })).text, /next$/);
  });

  each("errors", async () => {
    const wrong = await generateText({ model, prompt: failing("400 always") }).catch((caught) => caught);
    assert.ok(APICallError.isInstance(wrong));
    assert.equal(wrong.statusCode, 400);
    assert.equal(wrong.isRetryable, false);
    const busy = await generateText({ model, prompt: failing("429 always"), maxRetries: 0 }).catch((caught) => caught);
    assert.equal(busy.statusCode, 429);
    assert.equal(busy.isRetryable, true);
    const result = streamText({ model, prompt: failing("500 always"), maxRetries: 0, ...silent });
    const parts = await gathered(result.fullStream);
    assert.ok(parts.find((part) => part.type === "error").error.statusCode >= 500);
  });

  each("a second try", async () => {
    assert.match((await generateText({ model, prompt: failing("429 once") })).text, /Good day/);
  });

  governed(`${provider}: an omission, whole and on a stream`, async () => {
    const prompt = `Say: Before it. Here is ${OMITTED}. After it.`;
    const whole = await generateText({ model, prompt });
    const parts = await gathered(streamText({ model, prompt }).textStream);
    for (const text of [whole.text, parts.join("")]) {
      assert.ok(!text.includes(OMITTED));
      assert.match(text, /Before it\. Here is ⟦…⟧\. After it\./);
      assert.match(text, /86a/);
    }
    assert.equal(whole.response.body.ordinance.verdict, "withhold");
  });

  governed(`${provider}: a refusal`, async () => {
    const { text, finishReason } = await generateText({ model, prompt: REFUSED });
    assert.equal(finishReason, "content-filter");
    assert.ok(text.length > 20);
    await assert.rejects(generateObject({ model, schema, prompt: REFUSED }));
  });
}

for (const provider of ["openai.responses", "anthropic"]) {
  const options = { openai: { reasoningEffort: "low", forceReasoning: true }, anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } } };
  test(`${provider}: thoughts`, async () => {
    const { text, content } = await generateText({
      model: PROVIDERS[provider],
      prompt: "Say: one",
      providerOptions: options,
    });
    assert.match(text, /one$/);
    assert.deepEqual(content.map((part) => part.type), ["reasoning", "text"]);
  });
}

test("openai.responses: a conversation by reference", async () => {
  const model = PROVIDERS["openai.responses"];
  const question = { role: "user", content: "Hello." };
  const { response } = await generateText({ model, messages: [question] });
  const messages = [question, ...response.messages, { role: "user", content: "Say: two" }];
  assert.match((await generateText({ model, messages })).text, /two$/);
});
