// The rate timeline: sends and refusals by second, and how full the windows were.
//
// One lane for each window of the limits: the shortest has bars, longer ones the sum over
// their length. Windows slide, and the seconds here are the clock's: what is above its line
// is a limit broken, but one may be broken below it too, across two seconds. A tenant has
// its limit for itself, so there is no line for several together.

import { ask } from "./api.js";
import { $, count, setText, svg } from "./dom.js";

const SPAN = 90;
const LEFT = 92;
const RIGHT = 8;

export class Timeline {
  constructor() {
    this.conversation = null;
    this.all = false;
    this.limits = { send: [], tenant: [] };
    this.timer = null;
    for (const [id, all] of [["rates-one", false], ["rates-all", true]]) {
      $(id).addEventListener("click", () => this.choose(all));
    }
    new ResizeObserver(() => this.#draw()).observe($("rates-plot"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  choose(all) {
    this.all = all;
    $("rates-one").setAttribute("aria-pressed", String(!all));
    $("rates-all").setAttribute("aria-pressed", String(all));
    this.update();
  }

  open(conversation) {
    this.conversation = conversation;
    this.update();
  }

  // At most twice a second, however much happens.
  touch() {
    this.timer ??= setTimeout(() => { this.timer = null; this.update(); }, 500);
  }

  async update() {
    const conversation = this.all ? null : this.conversation;
    if (!this.all && !conversation) {
      this.answer = null;
      this.#draw();
      return;
    }
    const answer = await ask("timeline", { conversation, span: SPAN + 60 }).catch(() => null);
    if (conversation !== (this.all ? null : this.conversation)) return;
    this.answer = answer;
    this.#draw();
  }

  #draw() {
    const plot = $("rates-plot");
    const { width, height } = plot.getBoundingClientRect();
    if (!width) return;
    const shown = this.answer?.seconds ?? [];
    // The last second that had calls is kept in sight when all is quiet.
    const now = Math.floor(this.answer?.now ?? 0);
    const end = shown.length && now - shown.at(-1)[0] > SPAN - 20 ? shown.at(-1)[0] + 20 : now;
    const start = end - SPAN + 1;
    const taken = new Map(shown.map(([second, accepted]) => [second, accepted]));
    const refused = new Map(shown.map(([second, , no]) => [second, no]));
    const visible = shown.filter(([second]) => second >= start && second <= end);
    setText($("rates-accepted"), count(visible.reduce((sum, row) => sum + row[1], 0)));
    setText($("rates-refused"), count(visible.reduce((sum, row) => sum + row[2], 0)));
    const windows = this.#windows();
    const lanes = windows.map(([limit, length]) => ({ limit, length, sums: sums(taken, start, length) }));
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": this.#words(lanes, visible) });
    if (!visible.length) {
      const hint = svg("text", { x: LEFT, y: height / 2 + 4, class: "hint" });
      hint.textContent = this.all || this.conversation ? "Nothing was sent in this time." : "Choose a conversation, or see all.";
      picture.append(hint);
    } else {
      this.#lanes(picture, lanes, { width, height, start, refused });
    }
    plot.replaceChildren(picture);
  }

  #tenants() {
    return this.all ? this.answer?.tenants ?? 0 : 1;
  }

  #windows() {
    const chosen = this.#tenants() > 1 ? [] : (this.all ? this.limits.tenant : this.limits.send).filter(([, length]) => length <= 60);
    return chosen.length ? chosen : [[null, 1]];
  }

  #lanes(picture, lanes, { width, height, start, refused }) {
    const axis = 16;
    const gap = 8;
    const whole = height - axis - 10 - gap * (lanes.length - 1);
    const first = lanes.length > 1 ? Math.max(34, whole * 0.5) : whole;
    const other = lanes.length > 1 ? (whole - first) / (lanes.length - 1) : 0;
    const step = (width - LEFT - RIGHT) / SPAN;
    let top = 8;
    lanes.forEach((lane, index) => {
      const tall = index === 0 ? first : other;
      const tallest = Math.max(lane.limit ?? 1, ...lane.sums, ...(index === 0 ? lane.sums.map((sum, at) => sum + (refused.get(start + at) ?? 0)) : [])) * 1.1;
      const y = (value) => top + tall - (value / tallest) * tall;
      if (index === 0) bars(picture, lane, { start, refused, step, y });
      else area(picture, lane, { step, y, width });
      picture.append(svg("line", { x1: LEFT, x2: width - RIGHT, y1: top + tall, y2: top + tall, class: "base" }));
      if (lane.limit !== null) {
        const line = Math.round(y(lane.limit)) + 0.5;
        picture.append(svg("line", { x1: LEFT, x2: width - RIGHT, y1: line, y2: line, class: "limit-line", "data-limit": lane.limit }));
      }
      const most = Math.max(...lane.sums);
      const label = svg("text", { x: LEFT - 10, y: top + tall / 2 + 4, "text-anchor": "end", class: most > (lane.limit ?? Infinity) ? "limit over" : "limit" });
      label.textContent = lane.limit === null ? (this.#tenants() > 1 ? `${this.#tenants()} tenants` : "no limit") : `${lane.limit} in ${lane.length} s`;
      picture.append(label);
      top += tall + gap;
    });
    for (let back = 0; back <= SPAN; back += 15) {
      const tick = svg("text", { x: width - RIGHT - back * step, y: height - 2, "text-anchor": back ? "middle" : "end" });
      tick.textContent = back ? `−${back} s` : "now";
      if (width - RIGHT - back * step > LEFT) picture.append(tick);
    }
  }

  #words(lanes, visible) {
    const sent = visible.reduce((sum, row) => sum + row[1], 0);
    const parts = lanes.map(({ limit, length, sums: all }) => `at most ${Math.max(0, ...all)} in ${length} s${limit === null ? "" : `, limit ${limit}`}`);
    return `${sent} sends; ${parts.join("; ")}`;
  }
}

function sums(taken, start, length) {
  const whole = Math.max(1, Math.round(length));
  return Array.from({ length: SPAN }, (_, at) => {
    let sum = 0;
    for (let back = 0; back < whole; back += 1) sum += taken.get(start + at - back) ?? 0;
    return sum;
  });
}

function bars(picture, lane, { start, refused, step, y }) {
  const wide = Math.max(1.5, step - 1.5);
  lane.sums.forEach((sum, at) => {
    const no = refused.get(start + at) ?? 0;
    const x = LEFT + at * step;
    if (sum) picture.append(svg("rect", { x, width: wide, y: y(sum), height: y(0) - y(sum), rx: 1, class: "accepted" }));
    if (no) picture.append(svg("rect", { x, width: wide, y: y(sum + no), height: y(sum) - y(sum + no), rx: 1, class: "refused" }));
  });
}

function area(picture, lane, { step, y, width }) {
  const points = lane.sums.map((sum, at) => `${LEFT + at * step},${y(sum)} ${LEFT + (at + 1) * step},${y(sum)}`).join(" ");
  picture.append(svg("polygon", { points: `${LEFT},${y(0)} ${points} ${width - RIGHT},${y(0)}`, class: "area" }));
  picture.append(svg("polyline", { points, class: "edge" }));
}
