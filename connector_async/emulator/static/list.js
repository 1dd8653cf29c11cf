// A list of any length of which only what is seen is in the page.
//
// Heights may differ: they are guessed until an item is shown, then measured. What is
// looked at stays where it is while heights above it change.

import { h } from "./dom.js";

const OVERSCAN = 6;

export class WindowedList {
  constructor(element, { height, fixed = false, render, empty, follow = false, onscroll }) {
    this.element = element;
    this.guess = height;
    this.fixed = fixed;
    this.render = render;
    this.empty = empty;
    this.follow = follow;
    this.onscroll = onscroll;
    this.items = [];
    this.heights = [];
    this.offsets = [0];
    this.shown = new Map();
    this.space = h("div", { class: "space", role: "presentation" });
    this.atEnd = true;
    this.frame = 0;
    this.observer = fixed ? null : new ResizeObserver((entries) => this.#measured(entries));
    new ResizeObserver(() => this.#viewport()).observe(element);
    element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
  }

  // Replaces all items. `keep` says that they are the same ones, with more at the end.
  set(items, { keep = false } = {}) {
    const stay = keep && !this.atEnd;
    this.items = items;
    if (!keep) this.heights = [];
    this.heights.length = items.length;
    this.#lay(0);
    if (!keep) this.#forget();
    if (items.length === 0) {
      this.#forget();
      this.element.replaceChildren(this.empty());
      return;
    }
    if (this.space.parentNode !== this.element) this.element.replaceChildren(this.space);
    if (!keep) this.atEnd = this.follow;
    if (!keep && !this.follow) this.element.scrollTop = 0;
    if (this.follow && !stay) this.toEnd();
    this.paint();
  }

  // Draws again what has changed and is seen.
  refresh(indexes) {
    const chosen = indexes ?? [...this.shown.keys()];
    for (const index of chosen) {
      const old = this.shown.get(index);
      if (!old) continue;
      const had_focus = old.contains(document.activeElement);
      this.observer?.unobserve(old);
      const fresh = this.#item(index);
      old.replaceWith(fresh);
      this.shown.set(index, fresh);
      if (had_focus) fresh.querySelector("[tabindex]")?.focus({ preventScroll: true });
    }
    this.#settle();
  }

  toEnd() {
    this.atEnd = true;
    this.element.scrollTop = this.element.scrollHeight;
    this.paint();
  }

  reveal(index, { center = false } = {}) {
    if (index < 0 || index >= this.items.length) return;
    const view = this.element.clientHeight;
    // Twice: the first sight of an item may change its height.
    for (let turn = 0; turn < 2; turn += 1) {
      const top = this.offsets[index];
      const bottom = this.offsets[index + 1];
      const from = this.element.scrollTop;
      if (center && turn === 0) this.element.scrollTop = top - (view - (bottom - top)) / 2;
      else if (top < from) this.element.scrollTop = top;
      else if (bottom > from + view) this.element.scrollTop = Math.min(top, bottom - view);
      this.#note();
      this.paint();
    }
  }

  node(index) {
    return this.shown.get(index)?.firstElementChild ?? null;
  }

  paint() {
    if (this.items.length === 0) return;
    this.space.style.height = `${this.offsets.at(-1)}px`;
    const from = this.element.scrollTop;
    const first = Math.max(0, this.#at(from) - OVERSCAN);
    const last = Math.min(this.items.length - 1, this.#at(from + this.element.clientHeight) + OVERSCAN);
    for (const [index, node] of this.shown) {
      if ((index < first || index > last) && !node.contains(document.activeElement)) {
        this.observer?.unobserve(node);
        node.remove();
        this.shown.delete(index);
      }
    }
    for (let index = first; index <= last; index += 1) {
      if (this.shown.has(index)) continue;
      const node = this.#item(index);
      this.shown.set(index, node);
      this.#insert(index, node);
    }
    this.#settle();
  }

  #insert(index, node) {
    // In order, so that readers and the Tab key go down the list.
    for (const [other, neighbour] of this.shown) {
      if (other > index && neighbour !== node && neighbour.parentNode === this.space) {
        const nearest = [...this.shown.keys()].filter((key) => key > index).sort((a, b) => a - b)[0];
        this.space.insertBefore(node, this.shown.get(nearest));
        return;
      }
    }
    this.space.append(node);
  }

  #item(index) {
    const node = h("div", { class: "item", role: "presentation" }, this.render(this.items[index], index));
    node.dataset.index = index;
    node.style.transform = `translateY(${this.offsets[index]}px)`;
    this.observer?.observe(node);
    return node;
  }

  // Measures at once what is new, so that nothing jumps after it was drawn.
  #settle() {
    if (this.fixed) return;
    let lowest = Infinity;
    for (const [index, node] of this.shown) {
      const height = node.offsetHeight;
      if (height && this.heights[index] !== height) {
        this.heights[index] = height;
        lowest = Math.min(lowest, index);
      }
    }
    if (lowest < Infinity) this.#moved(lowest);
  }

  #measured(entries) {
    if (entries.some(({ target }) => target.isConnected && this.heights[target.dataset.index] !== target.offsetHeight)) this.#settle();
  }

  #moved(lowest) {
    const top = this.element.scrollTop;
    const anchor = this.#at(top);
    const inside = top - this.offsets[anchor];
    this.#lay(lowest);
    this.space.style.height = `${this.offsets.at(-1)}px`;
    for (const [index, node] of this.shown) node.style.transform = `translateY(${this.offsets[index]}px)`;
    if (this.atEnd && this.follow) this.element.scrollTop = this.element.scrollHeight;
    else if (lowest < anchor) this.element.scrollTop = this.offsets[anchor] + inside;
    if (!this.frame) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.paint();
      });
    }
  }

  #lay(from) {
    this.offsets.length = this.items.length + 1;
    this.offsets[0] = 0;
    for (let index = from; index < this.items.length; index += 1) {
      this.offsets[index + 1] = this.offsets[index] + (this.heights[index] ?? this.guess);
    }
  }

  #at(offset) {
    let low = 0;
    let high = this.items.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.offsets[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  #note() {
    const { scrollTop, clientHeight, scrollHeight } = this.element;
    this.atEnd = scrollTop + clientHeight >= scrollHeight - 24;
  }

  #scrolled() {
    this.#note();
    this.paint();
    this.onscroll?.();
  }

  #viewport() {
    if (this.atEnd && this.follow) this.toEnd();
    else this.paint();
  }

  #forget() {
    for (const node of this.shown.values()) {
      this.observer?.unobserve(node);
      node.remove();
    }
    this.shown.clear();
  }
}

// Arrow keys in a list: calls back with the index to go to.
export function walk(element, { length, current, go, open }) {
  element.addEventListener("keydown", (event) => {
    if (event.target !== element && !event.target.matches("[data-walk]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = length() - 1;
    const at = current();
    const page = 8;
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, PageDown: at + page, PageUp: at - page };
    if (event.key in steps && last >= 0) {
      event.preventDefault();
      go(Math.max(0, Math.min(last, at < 0 && event.key === "ArrowUp" ? last : steps[event.key])));
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      open(at);
    }
  });
}
