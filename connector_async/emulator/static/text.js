// The little of Markdown that chat messages use, made of elements, never of HTML.

import { count, h, safeLink } from "./dom.js";

const LONGEST = 20_000;

const INLINE = /(`[^`\n]+`)|(\*\*[^*\n]+\*\*)|(__[^_\n]+__)|(\*[^*\s][^*\n]*\*)|(\b_[^_\n]+_\b)|(\[[^[\]\n]{0,300}\]\([^()\s]{1,2000}\))|(https?:\/\/[^\s<>"']+[^\s<>"'.,:;!?)])|(<at(?:\s[^<>]{0,200})?>[^<]{0,300}<\/at>)/g;

export function rich(text, format) {
  const whole = String(text);
  if (whole.length > LONGEST) return [whole.slice(0, LONGEST), h("em", {}, ` … ${count(whole.length - LONGEST)} more characters`)];
  const plain = whole;
  if (format === "plain") return linked(plain);
  const parts = [];
  plain.split(/```(?:\w*\n)?/).forEach((part, index) => {
    if (index % 2) parts.push(h("pre", {}, part.replace(/\n$/, "")));
    else parts.push(...inline(part));
  });
  return parts;
}

function inline(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    parts.push(text.slice(from, match.index), styled(match[0]));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

function styled(token) {
  if (token.startsWith("`")) return h("code", {}, token.slice(1, -1));
  if (token.startsWith("**") || token.startsWith("__")) return h("strong", {}, token.slice(2, -2));
  if (token.startsWith("*") || token.startsWith("_")) return h("em", {}, token.slice(1, -1));
  if (token.startsWith("<at")) return h("span", { class: "mention" }, token.replace(/^<[^>]*>|<\/at>$/g, ""));
  if (token.startsWith("[")) {
    const [, label, address] = /^\[([^\]]*)\]\((.*)\)$/.exec(token);
    return link(address, label) ?? token;
  }
  return link(token, token) ?? token;
}

function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,:;!?)])/).map((part, index) => (index % 2 ? (link(part, part) ?? part) : part));
}

export function link(address, label) {
  const href = safeLink(address);
  return href && h("a", { href, target: "_blank", rel: "noopener noreferrer", title: href }, label || href);
}

// JSON, indented and in colours; what is none stays as it is.
export function json(text) {
  let value;
  try {
    value = typeof text === "string" ? JSON.parse(text) : text;
  } catch {
    return [String(text)];
  }
  const pretty = JSON.stringify(value, null, 2);
  if (pretty.length > 200_000) return [pretty];
  const parts = [];
  let from = 0;
  for (const match of pretty.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null|-?\d[\d.eE+-]*)\b/g)) {
    const kind = match[2] ? "json-name" : match[1] ? "json-text" : "json-other";
    const token = match[1] ?? match[0];
    parts.push(pretty.slice(from, match.index), h("span", { class: kind }, token));
    from = match.index + token.length;
  }
  parts.push(pretty.slice(from));
  return parts;
}
