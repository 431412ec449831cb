// Where the suites ask, and what they share. GOVERNED is set where the gateway stands before the actor.
import { randomUUID } from "node:crypto";
import { test } from "node:test";

export const { BASE, KEY, OMITTED, REFUSED } = process.env;
export const GOVERNED = Boolean(process.env.GOVERNED);

/** A case of what only the gateway does: what people see of it. */
export const governed = (name, run) => test(`governed: ${name}`, { skip: !GOVERNED }, run);

/** A question that was not asked before, so that the actor counts its failures anew. */
export const failing = (how) => `Fail with ${how} ${randomUUID()}`;

export const WEATHER = {
  name: "get_weather",
  description: "How the weather is in a place.",
  parameters: { type: "object", properties: { location: { type: "string" } }, required: ["location"] },
};

export const PICTURE =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/** All that an asynchronous iterable gives. */
export async function gathered(stream) {
  const all = [];
  for await (const each of stream) all.push(each);
  return all;
}
