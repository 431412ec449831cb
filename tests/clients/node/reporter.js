// One line of JSON for each case: its name, its outcome, and why it failed.
export default async function* outcomes(events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.details?.type === "suite" || data.name.endsWith(".js")) continue;
    const outcome = data.skip !== undefined ? "skipped" : type === "test:pass" ? "passed" : "failed";
    const error = data.details?.error;
    const why = error ? String(error.cause?.stack ?? error.cause ?? error.message) : "";
    yield JSON.stringify({ name: data.name, outcome, why }) + "\n";
  }
}
