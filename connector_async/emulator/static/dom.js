// Elements are made here and nowhere else. Text goes in as text: nothing that was
// received is ever read as HTML (and the page's policy would not let it be).

export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, properties, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties ?? {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const $ = (id) => document.getElementById(id);

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// What was received may be anything.
export const array = (value) => (Array.isArray(value) ? value : []);

// Only what leads to another page, and cannot run here.
export function safeLink(address) {
  try {
    const url = new URL(String(address));
    return ["http:", "https:", "mailto:", "tel:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function safeImage(address) {
  const text = String(address ?? "");
  if (/^data:image\/(png|jpeg|gif|webp|svg\+xml|bmp)[;,]/i.test(text)) return text;
  try {
    const url = new URL(text, location.href);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function clockTime(seconds) {
  const moment = new Date(seconds * 1000);
  return Number.isNaN(moment.getTime()) ? "" : moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

export function shortTime(seconds, now) {
  const moment = new Date(seconds * 1000);
  if (!seconds || Number.isNaN(moment.getTime())) return "";
  const is_today = new Date(now * 1000).toDateString() === moment.toDateString();
  return is_today
    ? moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false })
    : moment.toLocaleDateString([], { day: "numeric", month: "short" });
}

export const seconds = (value) => `${value < 10 ? Math.round(value * 100) / 100 : Math.round(value * 10) / 10} s`;

export const count = (number) => number.toLocaleString("en");

export function notice(text, { bad = false } = {}) {
  const shown = h("div", { class: `notice${bad ? " bad" : ""}` }, text);
  $("notices").append(shown);
  setTimeout(() => shown.remove(), bad ? 9000 : 3000);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { class: "skip" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  notice(`${what} copied`);
}
