// The page: what is open, what arrives, and what the buttons and keys do.

import { ask, listen, tell } from "./api.js";
import { Conversations } from "./conversations.js";
import { $, clockTime, copy, count, h, notice, setText } from "./dom.js";
import { Exchanges } from "./exchanges.js";
import { Thread, say } from "./thread.js";
import { Timeline } from "./timeline.js";

const STATUSES = [429, 412, 500, 502, 503, 504, 400, 401, 403, 404, 413];

const page = { opened: null, frozen: false, wall: 0, at: 0, doubled: { count: 0, items: [] } };

const conversations = new Conversations({ onopen: (view, options) => openConversation(view, options), onadd: () => show("add") });
const exchanges = new Exchanges({ onselect: (exchange) => thread.markActivity(exchange.activity_id, { quiet: true }) });
const thread = new Thread({
  onselect: (entry) => { if (entry.number) exchanges.select(entry.number, { quiet: true }); },
  onnew: () => { if (page.opened && document.visibilityState === "visible") conversations.markRead(page.opened.id); },
});
const timeline = new Timeline();

// What arrives.

async function load() {
  const state = await ask("state");
  setText($("profile"), state.profile);
  setText($("address"), state.service_url);
  thread.serviceUrl = state.service_url;
  $("faults-form").elements.operation.replaceChildren(h("option", { value: "" }, "A message: send or reply"), ...state.operations.map((operation) => h("option", { value: operation }, operation)));
  page.bot = state.bot_url;
  setText($("link"), state.bot_url ? `bot at ${state.bot_url}` : "");
  timeline.limits = state.limits;
  tick(state.clock);
  doubled(state.doubled);
  conversations.now = state.clock.wall;
  conversations.replace(state.conversations);
  const wanted = decodeURIComponent(location.hash.slice(1));
  const first = conversations.all.has(wanted) ? wanted : page.opened?.id;
  if (first && conversations.all.has(first)) conversations.open(first, { anew: true });
  else if (conversations.shown.length) conversations.open(conversations.shown[0].id, { anew: true });
  else openConversation(null);
}

function batch(news) {
  if (news.limits) timeline.limits = news.limits;
  tick(news.clock);
  doubled(news.doubled);
  conversations.now = news.clock.wall;
  if (news.cleared) {
    page.opened = null;
    conversations.read.clear();
    conversations.opened = null;
    conversations.replace([]);
    openConversation(null);
  }
  if (news.whole) conversations.replace(news.conversations);
  else if (news.conversations.length) conversations.update(news.conversations);
  if (page.opened && !conversations.all.has(page.opened.id)) openConversation(null);
  if (page.opened) {
    const view = news.conversations.find(({ id }) => id === page.opened.id);
    if (view) {
      head(view);
      thread.update();
    }
  } else if (conversations.shown.length && !news.cleared) {
    conversations.open(conversations.shown[0].id);
  }
  if (news.skipped) exchanges.open(page.opened?.id ?? null);
  else exchanges.add(news.exchanges);
  if (news.exchanges.length || news.skipped || news.cleared || news.limits) timeline.touch();
}

function openConversation(view, { enter = false } = {}) {
  page.opened = view;
  conversations.opened = view?.id ?? null;
  head(view);
  if (view) history.replaceState(null, "", `#${encodeURIComponent(view.id)}`);
  else history.replaceState(null, "", location.pathname);
  exchanges.open(view?.id ?? null);
  timeline.open(view?.id ?? null);
  const done = thread.open(view?.id ?? null);
  if (enter) done.then(() => $("thread").focus());
  if (view) speakers(view.id);
}

async function speakers(id) {
  const { members } = await ask("members", { conversation: id }).catch(() => ({ members: [] }));
  if (page.opened?.id !== id) return;
  $("speaker").replaceChildren(...members.map((member) => h("option", { value: member.id }, member.name || member.id)));
  $("speaker").hidden = members.length < 2;
}

function head(view) {
  if (view) page.opened = view;
  setText($("thread-name"), view ? (view.name || view.id) : "No conversation");
  const kinds = { personal: "Chat", groupChat: "Group chat", channel: "Channel" };
  setText($("thread-facts"), view ? [kinds[view.kind] ?? view.kind, `${count(view.members)} ${view.members === 1 ? "member" : "members"}`, `${count(view.activities)} ${view.activities === 1 ? "message" : "messages"}`, view.name ? view.id : null].filter(Boolean).join(" · ") : "");
  $("thread-facts").title = view?.id ?? "";
  $("block").hidden = !view;
  $("block").setAttribute("aria-pressed", String(Boolean(view?.blocked)));
  setText($("block"), view?.blocked ? "Bot is blocked" : "Block the bot");
  for (const id of ["say", "send"]) $(id).disabled = !view;
  if (!view) $("speaker").hidden = true;
}

function doubled(found) {
  page.doubled = found;
  const badge = $("doubled");
  badge.classList.toggle("red", found.count > 0);
  badge.dataset.count = found.count;
  setText(badge, found.count ? `${count(found.count)} doubled` : "Nothing doubled");
  if ($("doubled-dialog").open) drawDoubled();
}

function drawDoubled() {
  const { count: total, items } = page.doubled;
  setText($("doubled-title"), total ? `${count(total)} ${total === 1 ? "message" : "messages"} doubled` : "Nothing was doubled");
  setText($("doubled-text"), total ? "Posted although the same content was in the conversation already. Latest first." : "No content was posted twice in one conversation.");
  $("doubled-list").replaceChildren(...items.map((item) => h("li", {}, h("button", { type: "button", onclick: () => goTo(item) },
    h("b", {}, item.text ?? "(no text)"),
    h("span", {}, `#${item.number} in ${item.name || item.conversation_id}`)))));
}

async function goTo(item) {
  $("doubled-dialog").close();
  if (page.opened?.id !== item.conversation_id) conversations.open(item.conversation_id);
  await thread.update();
  thread.markActivity(item.activity_id, { center: true, focus: true });
  exchanges.select(item.number, { quiet: true });
}

// The clock.

function tick(clock) {
  page.frozen = clock.frozen;
  page.wall = clock.wall;
  page.at = performance.now();
  $("freeze").disabled = $("advance").disabled = !clock.movable;
  document.querySelector(".clock").classList.toggle("frozen", clock.frozen);
  $("freeze").setAttribute("aria-pressed", String(clock.frozen));
  setText($("freeze"), clock.frozen ? "Frozen" : "Freeze");
  drawTime();
}

function drawTime() {
  const passed = page.frozen ? 0 : (performance.now() - page.at) / 1000;
  setText($("time"), clockTime(page.wall + passed));
}

setInterval(() => {
  drawTime();
  if (!page.frozen && document.visibilityState === "visible") timeline.touch();
}, 1000);

// What the buttons do.

function show(name) {
  const dialog = $(`${name}-dialog`);
  if (name === "doubled") drawDoubled();
  if (name === "faults") drawWaiting();
  if (!dialog.open) dialog.showModal();
}

for (const name of ["faults", "advance", "clear", "help", "add", "doubled"]) $(name).addEventListener("click", () => show(name));
for (const close of document.querySelectorAll("[data-close]")) close.addEventListener("click", () => close.closest("dialog").close());

$("faults-form").elements.status.replaceChildren(...STATUSES.map((status) => h("option", { value: status }, String(status))));

$("faults-form").addEventListener("submit", async () => {
  const fields = $("faults-form").elements;
  const answer = await tell("fail", {
    operation: fields.operation.value || null,
    status: Number(fields.status.value),
    retry_after: fields.retry_after.value.trim() || null,
    times: Number(fields.times.value),
    conversation: fields.where.value === "one" ? page.opened?.id ?? null : null,
    after_commit: fields.after_commit.checked,
  });
  if (answer) notice(`The next ${fields.operation.value || "message"} will be answered ${fields.status.value}`);
});

async function drawWaiting() {
  const { faults } = await ask("faults").catch(() => ({ faults: [] }));
  $("waiting").replaceChildren(...faults.map((text) => h("span", { class: "note warn" }, text)));
}

$("faults-clear").addEventListener("click", async () => {
  if (await tell("faults/clear")) notice("No faults are waiting any longer");
  drawWaiting();
});

async function drop() {
  if (await tell("drop", { conversation: null })) notice("The next message takes effect; its answer will be lost");
}
$("drop").addEventListener("click", drop);

async function freeze() {
  const clock = await tell("clock", { frozen: !page.frozen });
  if (clock) tick(clock);
}
$("freeze").addEventListener("click", freeze);

async function advance(by) {
  const clock = await tell("clock", { advance: by });
  if (clock) { tick(clock); timeline.touch(); notice(`The clock is ${by} s ahead`); }
}
$("advance-form").addEventListener("submit", () => advance(Number($("advance-form").elements.seconds.value)));
for (const preset of document.querySelectorAll("[data-seconds]")) {
  preset.addEventListener("click", () => { $("advance-dialog").close(); advance(Number(preset.dataset.seconds)); });
}

$("clear-form").addEventListener("submit", async () => {
  if (await tell("clear")) notice("Cleared");
});

$("add-form").addEventListener("submit", async () => {
  const fields = $("add-form").elements;
  const answer = await tell("conversations", { id: fields.id.value.trim() || null, members: Number(fields.members.value) });
  fields.id.value = "";
  if (!answer) return;
  if (answer.error) notice(`The bot did not take it: ${answer.error}`, { bad: true });
  conversations.update([answer]);
  conversations.open(answer.id);
  $("say").focus();
});

$("block").addEventListener("click", async () => {
  const view = page.opened;
  const answer = await tell("block", { conversation: view.id, blocked: !view.blocked });
  if (!answer) return;
  conversations.update([answer]);
  if (page.opened?.id === answer.id) head(answer);
});

$("address").addEventListener("click", () => copy($("address").textContent, "Service URL"));

$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("say").value;
  if (!text.trim() || !page.opened) return;
  $("say").value = "";
  grow();
  thread.list.toEnd();
  await say(page.opened.id, { text });
});

function grow() {
  $("say").style.height = "36px";
  $("say").style.height = `${Math.min(140, $("say").scrollHeight + 2)}px`;
}
$("say").addEventListener("input", grow);
$("say").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});

// Keys.

const KEYS = {
  "/": () => $("filter").focus(),
  g: () => $("conversations").focus(),
  m: () => $("thread").focus(),
  e: () => $("exchanges").focus(),
  c: () => $("say").focus(),
  n: () => conversations.nextUnread(),
  f: () => show("faults"),
  d: drop,
  z: () => { if (!$("freeze").disabled) freeze(); },
  a: () => { if (!$("advance").disabled) show("advance"); },
  t: () => timeline.choose(!timeline.all),
  "?": () => show("help"),
};

document.addEventListener("keydown", (event) => {
  const isField = event.target.matches("input, textarea, select");
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    const pane = event.target.closest(".pane")?.querySelector(".scroll");
    if (isField || event.target.closest(".message, .detail")) (pane ?? document.body).focus();
    return;
  }
  if (isField || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && page.opened) conversations.markRead(page.opened.id); });

// Off it goes; after a break all is asked for anew.

let isOn = null;
listen({
  batch,
  state: (on) => {
    if (on && isOn === false) load();
    isOn = on;
    $("link").classList.toggle("off", !on);
    setText($("link"), on ? (page.bot ? `bot at ${page.bot}` : "") : "not connected");
  },
});
await load();
document.documentElement.dataset.ready = "true";
