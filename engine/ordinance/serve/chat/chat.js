// Talks to the governed model as any client of the chat API does: the whole conversation goes with every question, the
// notices in earlier answers among it. Every text is set as text, never as HTML. Nothing is kept after the page closes.
"use strict";

const by = (id) => document.getElementById(id);
const messages = [];
let running = null;

const LEFT_OUT = new Set(["omission", "cut", "red_line", "history", "fault"]);

/** What the page says itself, by language; `words` are those of the language that is shown. */
let spoken = {};
let words = {};

/** The page's own words; what stands in braces is filled in. */
function say(word, values = {}) {
  return (words[word] ?? word).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Show the page in the language that is chosen, else in the first of the browser's that it has, else in English. */
function speak() {
  const wanted = [by("language").value, ...navigator.languages].map((tag) => tag.split("-")[0]);
  const language = wanted.find((tag) => spoken[tag]) ?? "en";
  words = spoken[language] ?? {};
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-word]")) each.textContent = say(each.dataset.word);
  for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", say(each.dataset.label));
  for (const each of document.querySelectorAll("[data-placeholder]")) each.placeholder = say(each.dataset.placeholder);
}

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** The text with the sign of an omission made visible and named. */
function marked(text) {
  const parts = document.createDocumentFragment();
  for (const part of text.split(/(⟦[^⟦⟧]*⟧)/)) {
    if (/^⟦.*⟧$/s.test(part)) {
      const mark = element("mark", part);
      mark.title = say("omission");
      parts.append(mark);
    } else if (part) {
      parts.append(part);
    }
  }
  return parts;
}

/** Show an answer as far as it has come; with `notices`, as it stands at the end. */
function show(turn, notices = []) {
  const box = turn.box;
  const follows = innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
  box.replaceChildren();
  if (turn.thought) {
    const details = element("details", "", "thought");
    details.append(element("summary", say("thought")), marked(turn.thought));
    box.append(details);
  }
  for (const piece of pieces(turn.text, notices)) {
    const block = document.createElement("div");
    block.dir = "auto";
    if (piece.notice) {
      block.className = LEFT_OUT.has(piece.notice.kind) ? "notice left-out" : "notice added";
      block.append(element("strong", `${say("notice")}. `));
    }
    block.append(marked(piece.text));
    box.append(block);
  }
  if (follows) scrollTo(0, document.documentElement.scrollHeight);
}

/** The text in its order, cut into what the model said and the notices that stand in it. */
function pieces(text, notices) {
  let found = [{ text }];
  for (const notice of notices) {
    found = found.flatMap((piece) => {
      const at = piece.notice ? -1 : piece.text.indexOf(notice.text);
      if (at < 0) return [piece];
      return [
        { text: piece.text.slice(0, at) },
        { text: notice.text, notice },
        { text: piece.text.slice(at + notice.text.length) },
      ];
    });
  }
  return found.map((piece) => ({ ...piece, text: piece.text.trim() })).filter((piece) => piece.text);
}

/** A rule and its law. What has no law is the charter's, but for what a server lacks and what the engine itself does. */
function cited(cause) {
  if (cause.law) {
    const named = [cause.law.title, cause.law.article].filter(Boolean).join(", ");
    return `${cause.rule} · ${named}${cause.law.jurisdiction ? ` (${cause.law.jurisdiction})` : ""}`;
  }
  const lawless = cause.type === "adapter" || cause.rule.startsWith("engine/");
  return lawless ? cause.rule : `${cause.rule} · ${say("charter")}`;
}

/** What `cited` says, as a link to the rule in the register, if there is one and the rule is a pack's. */
function linked(cause, register) {
  const words = cited(cause);
  if (!register || cause.type === "adapter" || cause.rule.startsWith("engine/")) return words;
  const link = element("a", words);
  link.href = `${register}#${cause.rule}`;
  link.rel = "noreferrer";
  return link;
}

/** The verdict in words. What the model was not shown again is no longer in the text: then nothing was added to it. */
function verdict(told) {
  if (told.verdict === "disclose" && !told.notices?.length) return say("not_shown");
  return say(told.verdict);
}

function seconds(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** What happened, beside the answer: verdict, rules with their laws, time. */
function explain(turn, told, times) {
  const panel = turn.panel;
  panel.replaceChildren(element("summary", verdict(told)));
  const list = element("dl");
  const add = (term, ...values) => {
    list.append(element("dt", term));
    for (const value of values) {
      const said = element("dd", typeof value === "string" ? value : "");
      if (typeof value !== "string") said.append(value);
      list.append(said);
    }
  };
  for (const notice of told.notices ?? []) {
    const causes = (notice.causes ?? []).map((cause) => linked(cause, told.policy.register));
    const standing = turn.text.includes(notice.text) ? [] : [notice.text];
    add(say(notice.kind), ...standing, ...causes);
  }
  if (told.history) {
    const { left_out: count, types } = told.history;
    add(say("unread"), `${say(count === 1 ? "exchange" : "exchanges", { count })} (${types.join(", ")})`);
  }
  if (told.trials) add(say("on_trial"), ...(told.trials.length ? told.trials : [say("nothing")]));
  for (const mark of told.marks ?? []) add(say("marked"), linked(mark, told.policy.register));
  if (told.jurisdiction) add(say("law_of"), told.jurisdiction);
  add(say("policy"), `${told.policy.name}@${told.policy.version}`, told.policy.digest.slice(0, 16));
  add(say("time"), say("times", { first: seconds(times.first), all: seconds(times.all) }));
  panel.append(list);
  panel.hidden = false;
  panel.open = matchMedia("(min-width: 60rem)").matches;
}

/** The events of a stream, each as its JSON. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const whole = (rest + value).split(/\r?\n\r?\n/);
    rest = whole.pop();
    for (const event of whole) {
      const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
      if (data === "[DONE]") return;
      if (data) yield JSON.parse(data);
    }
  }
}

function headers() {
  const sent = { "content-type": "application/json" };
  if (by("key").value) sent.authorization = `Bearer ${by("key").value}`;
  if (by("language").value) sent["accept-language"] = by("language").value;
  return sent;
}

function turnOf(question) {
  by("welcome").hidden = true;
  const asked = element("li", "", "said person");
  asked.dir = "auto";
  asked.append(element("span", `${say("you")}: `, "unseen"), question);
  const item = element("li", "", "turn");
  const box = element("div", "", "answer waiting");
  const panel = element("details", "", "happened");
  panel.hidden = true;
  item.append(element("span", `${say("answer")}: `, "unseen"), box, panel);
  by("conversation").append(asked, item);
  scrollTo(0, document.documentElement.scrollHeight);
  return { box, panel, text: "", thought: "" };
}

async function ask(question) {
  messages.push({ role: "user", content: question });
  const turn = turnOf(question);
  const began = performance.now();
  const stopping = new AbortController();
  let first = null;
  let told = null;
  busy(stopping);
  try {
    const response = await fetch("v1/chat/completions", {
      method: "POST",
      headers: headers(),
      signal: stopping.signal,
      body: JSON.stringify({ model: by("model").value || "default", messages, stream: true }),
    });
    if (!response.ok) throw await refusal(response);
    for await (const event of events(response)) {
      if (event.error) throw new Error(event.error.message);
      const delta = event.choices?.[0]?.delta ?? {};
      turn.thought += delta.reasoning_content ?? delta.reasoning ?? "";
      turn.text += delta.content ?? "";
      if (event.ordinance) told = event.ordinance;
      if (delta.content || delta.reasoning_content || delta.reasoning) {
        first ??= performance.now() - began;
        show(turn);
        turn.box.classList.add("waiting");
      }
    }
    if (!told) throw new Error(say("ended"));
    show(turn, told.notices);
    explain(turn, told, { first: first ?? performance.now() - began, all: performance.now() - began });
    messages.push({ role: "assistant", content: turn.text });
    by("status").textContent = `${say("complete")} ${verdict(told)}. ${turn.text}`;
  } catch (error) {
    failed(turn, error, question);
  } finally {
    turn.box.classList.remove("waiting");
    busy(null);
  }
}

async function refusal(response) {
  if (response.status === 401) by("key-field").hidden = false;
  const body = await response.json().catch(() => ({}));
  return new Error(body.error?.message ?? say("status", { status: response.status }));
}

/** An answer that was not given leaves no trace in what the model is sent; the question stands ready to be sent again,
 * unless the whole conversation is gone. */
function failed(turn, error, question) {
  if (!turn.box.isConnected) return;
  messages.pop();
  const stopped = error.name === "AbortError";
  const lost = error instanceof TypeError;
  const why = stopped ? say("stopped") : lost ? say("lost") : error.message;
  turn.box.append(element("div", why, "fault"));
  by("status").textContent = why;
  if (!by("message").value) by("message").value = question;
}

/** While an answer comes, `Stop` stands in the place of `Send`, and has the focus if that had it. */
function busy(stopping) {
  running = stopping;
  const sends = document.activeElement === by("send");
  by("stop").hidden = !stopping;
  by("send").hidden = Boolean(stopping);
  if (sends && stopping) by("stop").focus();
  if (!stopping) by("message").focus();
}

function submit() {
  const question = by("message").value.trim();
  if (!question || running) return;
  by("message").value = "";
  ask(question);
}

function anew() {
  running?.abort();
  messages.length = 0;
  by("conversation").replaceChildren();
  by("welcome").hidden = false;
  by("status").textContent = say("began");
  by("message").focus();
}

/** The policy, its languages, and what to try. */
async function introduce() {
  const about = await (await fetch("chat/about")).json();
  spoken = about.words;
  by("policy").textContent = about.policy;
  by("key-field").hidden = !about.keys;
  for (const locale of about.locales) {
    const named = new Intl.DisplayNames([locale], { type: "language" }).of(locale);
    const option = element("option", named ?? locale);
    option.value = option.lang = locale;
    by("language").append(option);
  }
  speak();
  for (const example of about.examples) {
    const button = element("button", example);
    button.type = "button";
    button.addEventListener("click", () => running || ask(example));
    const item = element("li");
    item.append(button);
    by("examples").append(item);
  }
  await models();
}

async function models() {
  const response = await fetch("v1/models", { headers: headers() });
  if (!response.ok) return;
  const named = (await response.json()).data.map((model) => model.id);
  by("model").replaceChildren(...named.map((name) => element("option", name)));
  by("model-field").hidden = named.length < 2;
}

by("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
by("message").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  }
});
by("stop").addEventListener("click", () => running?.abort());
by("anew").addEventListener("click", anew);
by("language").addEventListener("change", speak);
by("key").addEventListener("change", () => models().catch(() => {}));
introduce().catch(() => {
  by("policy").parentElement.textContent = "The server does not answer.";
});
