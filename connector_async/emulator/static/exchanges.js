// The raw exchanges: a list of them, and one in full.

import { ask } from "./api.js";
import { $, clockTime, copy, count, h, seconds, setText } from "./dom.js";
import { WindowedList, walk } from "./list.js";
import { json } from "./text.js";

const MOST = 5000;

export class Exchanges {
  constructor({ onselect }) {
    this.onselect = onselect;
    this.conversation = null;
    this.all = [];
    this.late = null;
    this.shown = [];
    this.number = null;
    this.odd = false;
    this.everywhere = false;
    this.opened = null;
    this.list = new WindowedList($("exchanges"), {
      height: 28, fixed: true, follow: true,
      render: (exchange) => this.#row(exchange),
      empty: () => h("div", { class: "empty" }, h("p", {}, this.odd && this.all.length ? "No trouble so far." : "No calls yet.")),
    });
    walk($("exchanges"), {
      length: () => this.shown.length,
      current: () => this.shown.findIndex((exchange) => exchange.number === this.number),
      go: (index) => this.select(this.shown[index].number),
      open: () => $("exchange").focus(),
    });
    $("exchanges-odd").addEventListener("click", () => this.#choose(!this.odd));
    for (const [id, everywhere] of [["exchanges-here", false], ["exchanges-all", true]]) {
      $(id).addEventListener("click", () => this.#scope(everywhere));
    }
    this.#detail(null);
  }

  async open(opened) {
    this.opened = opened;
    const conversation = this.everywhere ? null : opened;
    this.conversation = conversation;
    this.all = [];
    this.number = null;
    this.#detail(null);
    // What is told meanwhile may not be in the answer yet.
    const late = this.late = [];
    // Without an answer there is no emulator; when it is there again, all is opened anew.
    const answer = await ask("exchanges", { conversation }).catch(() => ({ exchanges: [] }));
    if (late !== this.late) return;
    this.late = null;
    this.all = answer.exchanges;
    this.#arrange({ fresh: true });
    this.add(late);
  }

  add(exchanges) {
    if (this.late) {
      this.late.push(...exchanges);
      return;
    }
    const known = this.all.at(-1)?.number ?? 0;
    const fitting = exchanges.filter((exchange) => exchange.number > known && (this.conversation === null || exchange.conversation_id === this.conversation || exchange.root === this.conversation));
    if (!fitting.length) return;
    this.all.push(...fitting);
    const isTooLong = this.all.length > MOST * 1.2;
    if (isTooLong) this.all.splice(0, this.all.length - MOST);
    this.#arrange({ fresh: isTooLong });
  }

  async select(number, { quiet = false } = {}) {
    this.number = number;
    const index = this.shown.findIndex((exchange) => exchange.number === number);
    this.list.refresh();
    if (index >= 0) this.list.reveal(index);
    $("exchanges").setAttribute("aria-activedescendant", `exchange-${number}`);
    let exchange = null;
    if (number) {
      try {
        exchange = await ask("exchange", { number });
      } catch {
        // It was cleared meanwhile.
      }
    }
    if (number !== this.number) return;
    this.#detail(exchange);
    if (exchange && !quiet) this.onselect(exchange);
  }

  #scope(everywhere) {
    this.everywhere = everywhere;
    $("exchanges-here").setAttribute("aria-pressed", String(!everywhere));
    $("exchanges-all").setAttribute("aria-pressed", String(everywhere));
    this.open(this.opened);
  }

  #choose(odd) {
    this.odd = odd;
    $("exchanges-odd").setAttribute("aria-pressed", String(odd));
    this.#arrange({ fresh: true });
  }

  #arrange({ fresh }) {
    this.shown = this.odd ? this.all.filter(isOdd) : this.all;
    setText($("exchange-count"), count(this.shown.length));
    this.list.set(this.shown, { keep: !fresh });
  }

  #row(exchange) {
    return h("div", {
      class: "row",
      id: `exchange-${exchange.number}`,
      role: "option",
      "data-number": String(exchange.number),
      "aria-selected": String(exchange.number === this.number),
      onclick: () => this.select(exchange.number),
    },
    h("span", { class: "number" }, String(exchange.number)),
    h("span", { class: "operation" }, exchange.operation ?? `${exchange.method} ${exchange.path}`, exchange.text && h("i", {}, exchange.text)),
    h("span", { class: "notes" }, notes(exchange)),
    status(exchange),
    h("span", { class: "at" }, clockTime(exchange.wall)));
  }

  #detail(exchange) {
    $("exchange").scrollTop = 0;
    if (!exchange) {
      $("exchange").replaceChildren(h("div", { class: "empty" }, h("p", {}, "Choose a message or a call to see what was sent and what was answered.")));
      return;
    }
    const { attempts } = exchange;
    const place = attempts.indexOf(exchange.number) + 1;
    $("exchange").replaceChildren(
      h("div", { class: "top" }, h("h3", {}, exchange.operation ?? "No operation"), status(exchange), h("span", { class: "notes" }, notes(exchange, false))),
      h("dl", { class: "fact-list" },
        fact("Exchange", `${exchange.number} · ${clockTime(exchange.wall)}`),
        fact("Attempt", attempts.length > 1 ? [`${place} of ${attempts.length}: `, attempts.map((number, index) => [index ? ", " : "", h("button", { type: "button", "aria-current": String(number === exchange.number), onclick: () => this.select(number) }, `#${number}`)])] : "1 of 1"),
        exchange.wait !== null && fact("Waited", `${seconds(exchange.wait)} since the attempt before${exchange.asked ? `, which asked for ${exchange.asked}` : ""}`),
        exchange.fault && fact("Fault", `${exchange.fault}, on purpose`),
        exchange.throttled && fact("Limit", "refused: a window was full"),
        exchange.repeated && fact("Doubled", "the same content was in the conversation already"),
        fact("Effect", exchange.committed ? "took effect" : "none")),
      h("div", { class: "copies" },
        h("button", { class: "quiet", type: "button", id: "copy-curl", onclick: () => copy(exchange.curl, "curl command") }, "Copy as curl"),
        h("button", { class: "quiet", type: "button", id: "copy-pytest", onclick: () => copy(exchange.pytest, "pytest test") }, "Copy as pytest")),
      h("h4", {}, "Request"),
      h("p", { class: "line" }, h("b", {}, exchange.method), h("span", {}, breakable(`${exchange.path}${exchange.query ? `?${exchange.query}` : ""}`))),
      headers(exchange.request_headers),
      raw(exchange.request_body),
      h("h4", {}, "Response"),
      h("p", { class: "line" }, exchange.status === null ? SILENCES[exchange.fault] ?? "No answer: the connection was reset" : h("b", {}, String(exchange.status))),
      exchange.status === null ? raw("") : [headers(exchange.response_headers), raw(exchange.response_body)].flat());
  }
}

const SILENCES = {
  hang: "No answer: the connection was left open",
  garbage: "No answer: what came in its place is no HTTP",
};

const isOdd = (exchange) => exchange.status === null || exchange.status >= 400 || exchange.fault || exchange.repeated;

function notes(exchange, withAttempt = true) {
  return [
    withAttempt && exchange.attempt > 1 && h("span", { class: "note" }, `attempt ${exchange.attempt}`),
    exchange.repeated && h("span", { class: "note bad" }, "doubled"),
    exchange.fault && h("span", { class: "note warn" }, exchange.fault),
    exchange.throttled && h("span", { class: "note warn" }, "limit"),
  ];
}

function status(exchange) {
  const kind = exchange.status === null ? "bad" : exchange.status >= 500 ? "bad" : exchange.status >= 400 ? "warn" : "";
  return h("span", { class: `status ${kind}`, title: exchange.status === null ? "No answer" : null }, exchange.status === null ? "none" : String(exchange.status));
}

// A long path goes on in the next line after a slash.
const breakable = (path) => path.split(/(?<=\/)/).flatMap((part) => [part, h("wbr")]);

const fact = (name, ...value) => [h("dt", {}, name), h("dd", {}, value)];

function headers(list) {
  const names = Object.entries(list ?? {});
  return h("details", {}, h("summary", {}, `${names.length} ${names.length === 1 ? "header" : "headers"}`), h("dl", {}, names.map(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])));
}

function raw(body) {
  if (body && typeof body === "object" && "base64" in body) return h("pre", { class: "raw" }, `${body.base64.slice(0, 4000)}\n(base64)`);
  return h("pre", { class: "raw" }, body ? json(body) : "(no body)");
}
