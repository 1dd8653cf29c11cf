// The list of conversations, what of them is shown, and what was not read yet.

import { $, count, h, setText, shortTime } from "./dom.js";
import { WindowedList, walk } from "./list.js";

const KINDS = [["every", "All"], ["unread", "Unread"], ["personal", "Chats"], ["groupChat", "Groups"], ["channel", "Channels"]];

export class Conversations {
  constructor({ onopen, onadd }) {
    this.onopen = onopen;
    this.onadd = onadd;
    this.all = new Map();
    this.shown = [];
    this.read = new Map();
    this.opened = null;
    this.marked = null;
    this.kind = "every";
    this.now = Date.now() / 1000;
    this.list = new WindowedList($("conversations"), {
      height: 60, fixed: true,
      render: (view) => this.#draw(view),
      empty: () => this.#empty(),
    });
    walk($("conversations"), {
      length: () => this.shown.length,
      current: () => this.shown.findIndex((view) => view.id === this.marked),
      go: (index) => this.#mark(index),
      open: (index) => index >= 0 && this.open(this.shown[index].id, { enter: true }),
    });
    $("kinds").replaceChildren(...KINDS.map(([kind, title]) => h("button", { type: "button", "data-kind": kind, "aria-pressed": String(kind === this.kind), onclick: () => this.#choose(kind) }, title)));
    $("filter").addEventListener("input", () => this.arrange());
    $("filter").addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "Enter") {
        event.preventDefault();
        $("conversations").focus();
        if (this.shown.length) this.#mark(0);
        if (event.key === "Enter" && this.shown.length) this.open(this.shown[0].id);
      }
    });
  }

  replace(views) {
    this.all = new Map(views.map((view) => [view.id, view]));
    this.arrange();
  }

  update(views) {
    for (const view of views) this.all.set(view.id, view);
    this.arrange();
  }

  unread(view) {
    return Math.max(0, view.activities - (this.read.get(view.id) ?? 0));
  }

  markRead(id) {
    const view = this.all.get(id);
    if (!view || this.read.get(id) === view.activities) return;
    this.read.set(id, view.activities);
    this.arrange();
  }

  open(id, { enter = false, anew = false } = {}) {
    const isOpen = this.opened === id && !anew;
    this.opened = id;
    this.marked = id;
    this.markRead(id);
    this.arrange();
    if (!isOpen) this.onopen(this.all.get(id) ?? null, { enter });
    else if (enter) $("thread").focus();
  }

  nextUnread() {
    const next = this.shown.find((view) => view.id !== this.opened && this.unread(view));
    if (next) this.open(next.id);
  }

  arrange() {
    const wanted = $("filter").value.trim().toLowerCase();
    this.shown = [...this.all.values()].filter((view) => this.#fits(view) && (!wanted || `${view.name ?? ""}\n${view.id}\n${view.last?.text ?? ""}`.toLowerCase().includes(wanted)));
    this.shown.sort((one, other) => (other.last?.at ?? 0) - (one.last?.at ?? 0));
    const total = this.all.size;
    setText($("conversation-count"), this.shown.length === total ? count(total) : `${count(this.shown.length)} of ${count(total)}`);
    const top = $("conversations").scrollTop;
    this.list.set(this.shown);
    $("conversations").scrollTop = top;
    this.list.paint();
    const unread = [...this.all.values()].reduce((sum, view) => sum + this.unread(view), 0);
    document.title = unread ? `(${count(unread)}) Emulator` : "Emulator";
  }

  #choose(kind) {
    this.kind = kind;
    for (const each of $("kinds").children) each.setAttribute("aria-pressed", String(each.dataset.kind === kind));
    this.arrange();
  }

  #fits(view) {
    if (this.kind === "every") return true;
    if (this.kind === "unread") return this.unread(view) > 0 || view.id === this.opened;
    return view.kind === this.kind;
  }

  #mark(index) {
    this.marked = this.shown[index].id;
    this.list.refresh();
    this.list.reveal(index);
    $("conversations").setAttribute("aria-activedescendant", `conversation-${index}`);
  }

  #draw(view) {
    const unread = this.unread(view);
    const index = this.shown.indexOf(view);
    const name = view.name || view.id;
    const last = view.last;
    return h("div", {
      class: `conversation${unread ? " unread" : ""}${view.id === this.marked ? " marked" : ""}`,
      id: `conversation-${index}`,
      role: "option",
      "data-conversation": view.id,
      "aria-selected": String(view.id === this.opened),
      title: view.id,
      onclick: () => this.open(view.id),
    },
    h("div", { class: `face${view.kind === "personal" ? "" : " square"}`, "aria-hidden": "true" }, initials(name)),
    h("div", {}, h("div", { class: "name" }, name), h("div", { class: "last" }, last ? `${last.by === "bot" ? "" : "User: "}${last.text}` : `${count(view.members)} ${view.members === 1 ? "member" : "members"}`)),
    h("div", { class: "side" },
      h("div", { class: "when" }, last ? shortTime(last.at, this.now) : ""),
      h("div", { class: "unread-count", "aria-label": unread ? `${unread} unread` : null }, unread ? (unread > 999 ? "999+" : String(unread)) : "")));
  }

  #empty() {
    if (this.all.size) return h("div", { class: "empty" }, h("strong", {}, "None fits"), h("p", {}, "No conversation fits the filter."));
    return h("div", { class: "empty" }, h("strong", {}, "No conversations"), h("p", {}, "Bots may open one, or you do."), h("button", { class: "primary", type: "button", onclick: this.onadd }, "New conversation"));
  }
}

function initials(name) {
  const words = name.replace(/^\d+:/, "").split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return (words.length > 1 ? words[0][0] + words[1][0] : (words[0] ?? "?").slice(0, 2)).toUpperCase();
}
