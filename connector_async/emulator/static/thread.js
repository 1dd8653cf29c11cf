// The thread: what was said in one conversation, as bubbles.

import { ask, tell } from "./api.js";
import { attachments, button } from "./cards.js";
import { $, array, clockTime, count, h, notice, setText } from "./dom.js";
import { WindowedList, walk } from "./list.js";
import { rich } from "./text.js";

export class Thread {
  constructor({ onselect, onnew }) {
    this.onselect = onselect;
    this.onnew = onnew;
    this.conversation = null;
    this.entries = [];
    this.byId = new Map();
    this.marked = -1;
    this.opened = new Set();
    this.unseen = 0;
    this.serviceUrl = "";
    this.list = new WindowedList($("thread"), {
      height: 62, follow: true,
      render: (entry, index) => this.#draw(entry, index),
      empty: () => this.#empty(),
      onscroll: () => this.#seen(),
    });
    walk($("thread"), {
      length: () => this.entries.length,
      current: () => this.marked,
      go: (index) => this.mark(index, { focus: true }),
      open: () => this.#enter(),
    });
    $("newer").addEventListener("click", () => { this.list.toEnd(); this.#seen(); });
  }

  async open(conversation) {
    this.conversation = conversation;
    this.#reset();
    if (conversation) await this.update();
    else this.list.set([]);
  }

  #reset() {
    this.revision = 0;
    this.epoch = null;
    this.entries = [];
    this.byId.clear();
    this.marked = -1;
    this.opened.clear();
    this.unseen = 0;
    this.hidden = 0;
    this.#suggest();
    this.#seen();
  }

  // Asks for what has changed since the last time; done when that was asked after this call,
  // and not before: what is on its way already may be about another conversation.
  update() {
    if (!this.loading) return this.#begin();
    this.next ??= this.loading.catch(() => null).then(() => {
      this.next = null;
      return this.loading ?? this.#begin();
    });
    return this.next;
  }

  #begin() {
    this.loading = this.#update().finally(() => { this.loading = null; });
    return this.loading;
  }

  async #update() {
    const { conversation, epoch, revision } = this;
    if (!conversation) return;
    let answer;
    try {
      answer = await ask("thread", { conversation, after: revision, epoch });
    } catch {
      answer = { epoch: "", revision: 0, hidden: 0, entries: [] };
    }
    // Another was opened, or the same again.
    if (conversation !== this.conversation || epoch !== this.epoch || revision !== this.revision) return;
    const isFresh = answer.epoch !== this.epoch;
    if (isFresh) this.#reset();
    this.epoch = answer.epoch;
    this.revision = answer.revision;
    this.hidden = answer.hidden;
    const before = this.entries.length;
    const changed = [];
    for (const entry of answer.entries) {
      const known = this.byId.get(entry.id);
      if (known === undefined) {
        this.byId.set(entry.id, this.entries.length);
        this.entries.push(entry);
      } else {
        this.entries[known] = entry;
        changed.push(known);
      }
    }
    const added = this.entries.length - before;
    if (isFresh || !before) this.list.set(this.entries);
    else {
      if (changed.length) this.list.refresh(this.#touchedBy(changed));
      if (added) this.list.set(this.entries, { keep: true });
      this.#stops();
    }
    if (added && before && !this.list.atEnd) {
      this.unseen += added;
      this.#seen();
    }
    this.#suggest();
    this.onnew(this.entries.length);
  }

  mark(index, { focus = false, center = false, quiet = false } = {}) {
    // Not drawn anew: somebody may be selecting text in it, or filling in a card.
    this.list.node(this.marked)?.classList.remove("marked");
    this.marked = index;
    if (index < 0) return;
    this.list.reveal(index, { center });
    this.list.node(index)?.classList.add("marked");
    this.#stops();
    if (focus) this.list.node(index)?.focus({ preventScroll: true });
    if (!quiet) this.onselect(this.entries[index]);
  }

  markActivity(id, options) {
    const index = this.byId.get(id);
    if (index !== undefined) this.mark(index, options);
    return index !== undefined;
  }

  get latestText() {
    return this.entries.at(-1);
  }

  say = (said) => say(this.conversation, said);

  #enter() {
    this.list.node(this.marked)?.querySelector("button, a[href], input, select, textarea, summary")?.focus();
  }

  #seen() {
    if (this.list?.atEnd ?? true) this.unseen = 0;
    $("newer").hidden = this.unseen === 0;
    setText($("newer"), `↓ ${count(this.unseen)} new`);
  }

  #draw(entry, index) {
    const { activity } = entry;
    const before = this.entries[index - 1];
    const isFirst = !before || before.by !== entry.by || before.from !== entry.from || entry.time - before.time > 180;
    const message = h("article", {
      class: `message ${entry.by}${isFirst ? " first" : ""}${entry.deleted ? " deleted" : ""}${index === this.marked ? " marked" : ""}`,
      tabindex: index === this.marked || (this.marked < 0 && index === this.entries.length - 1) ? "0" : "-1",
      "data-walk": true,
      "data-activity": entry.id,
      "aria-label": `${entry.from}: ${summary(activity)}`,
      onclick: (event) => this.#clicked(event, index),
    });
    if (index === 0 && this.hidden) message.append(h("div", { class: "event" }, `${count(this.hidden)} earlier messages are not shown`));
    if (!isMessage(activity)) {
      message.append(h("div", { class: "event" }, `${activity.type ?? "activity"}${activity.name ? ` ${activity.name}` : ""} · ${entry.from}`), ...this.#marks(entry));
      return message;
    }
    if (isFirst) message.append(h("div", { class: "byline" }, h("b", {}, entry.from), h("span", {}, clockTime(entry.time))));
    const body = this.#body(entry);
    if (body) message.append(body);
    if (!entry.deleted) message.append(attachments(activity, this) ?? "");
    message.append(...this.#marks(entry));
    return message;
  }

  #body(entry) {
    const { activity } = entry;
    const quoted = activity.replyToId && this.entries[this.byId.get(activity.replyToId)];
    const text = typeof activity.text === "string" ? activity.text : "";
    const has_more = array(activity.attachments).length;
    if (!text && !quoted && has_more && !entry.deleted) return null;
    const shown = text || (activity.value !== undefined && activity.value !== null ? JSON.stringify(activity.value) : summary(activity));
    return h("div", { class: "bubble" },
      activity.replyToId && h("div", { class: "quote" }, quoted ? summary(quoted.activity) : `Reply to ${activity.replyToId}`),
      h("div", { class: "body" }, text ? rich(text, activity.textFormat) : h("code", {}, shown)));
  }

  #marks(entry) {
    const marks = [];
    if (entry.deleted) marks.push(h("span", {}, "deleted"));
    if (entry.edits.length) {
      const isOpen = this.opened.has(entry.id);
      marks.push(h("button", { type: "button", "aria-expanded": String(isOpen), onclick: () => this.#toggle(entry.id) }, entry.edits.length === 1 ? "edited" : `edited ${entry.edits.length} times`));
    }
    if (entry.repeated) marks.push(h("span", { class: "bad" }, "doubled"));
    const { delivery } = entry;
    if (delivery?.error) marks.push(h("span", { class: "bad" }, `not delivered: ${delivery.error}`));
    else if (delivery?.status) marks.push(h("span", {}, `delivered, ${delivery.status}`));
    else if (delivery) marks.push(h("span", {}, "on its way to the bot…"));
    const versions = this.opened.has(entry.id) ? [h("div", { class: "versions" }, entry.edits.map((edit) => h("div", {}, summary(edit))))] : [];
    return [marks.length ? h("div", { class: "marks" }, marks) : "", ...versions];
  }

  #clicked(event, index) {
    const isControl = event.target.closest("button, a, input, select, textarea, summary, label, .ac-pushButton");
    if (!isControl && !String(getSelection())) this.mark(index);
  }

  // What has changed, and what quotes it.
  #touchedBy(changed) {
    const ids = new Set(changed.map((index) => this.entries[index].id));
    return [...this.list.shown.keys()].filter((index) => ids.has(this.entries[index].id) || ids.has(this.entries[index].activity.replyToId));
  }

  // The Tab key stops at one message: the marked one, or the last.
  #stops() {
    const at = this.marked < 0 ? this.entries.length - 1 : this.marked;
    for (const index of this.list.shown.keys()) this.list.node(index).tabIndex = index === at ? 0 : -1;
  }

  #toggle(id) {
    if (!this.opened.delete(id)) this.opened.add(id);
    this.list.refresh([this.byId.get(id)]);
    this.list.node(this.byId.get(id))?.querySelector("[aria-expanded]")?.focus({ preventScroll: true });
  }

  #suggest() {
    const last = this.entries.at(-1);
    const actions = last && !last.deleted && last.by === "bot" ? last.activity.suggestedActions?.actions : null;
    const known = array(actions).filter((action) => action && typeof action === "object");
    $("suggested").hidden = !known.length;
    $("suggested").replaceChildren(...known.map((action) => button(action, this)));
    if (this.entries.length && this.list.atEnd) this.list.toEnd();
  }

  #empty() {
    if (!this.conversation) return h("div", { class: "empty" }, h("strong", {}, "Point a bot here"), h("p", {}, "What it says, and each call that it makes, is shown on this page as it happens."), h("code", {}, `ConnectorClient(None, service_url="${this.serviceUrl}")`));
    return h("div", { class: "empty" }, h("strong", {}, "Nothing said yet"), h("p", {}, "Say something as a user, or let the bot send to this conversation."));
  }
}

export async function say(conversation, said) {
  const speaker = $("speaker").value || undefined;
  const answer = await tell("say", { conversation, from: speaker, ...said });
  if (answer?.error) notice(`The bot did not take it: ${answer.error}`, { bad: true });
  return answer;
}

const isMessage = (activity) => [undefined, "message", "messageUpdate"].includes(activity.type);

export function summary(activity) {
  if (typeof activity.text === "string" && activity.text) return activity.text;
  if (typeof activity.summary === "string" && activity.summary) return activity.summary;
  const list = array(activity.attachments);
  if (list.length) return list.map((attachment) => attachment?.content?.title ?? attachment?.name ?? attachment?.contentType ?? "attachment").join(", ");
  if (!isMessage(activity)) return String(activity.type);
  return "(no text)";
}
