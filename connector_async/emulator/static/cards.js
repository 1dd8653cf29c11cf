// Attachments: the cards of the Bot Framework, Adaptive Cards, pictures and files.

import { array, h, safeImage } from "./dom.js";
import { json, link, rich } from "./text.js";

const ADAPTIVE = "application/vnd.microsoft.card.adaptive";
const CARDS = "application/vnd.microsoft.card.";

export function attachments(activity, act) {
  const list = array(activity.attachments);
  if (!list.length) return null;
  const shown = list.map((attachment) => one(attachment ?? {}, act));
  return h("div", { class: `attachments${activity.attachmentLayout === "carousel" ? " carousel" : ""}` }, shown);
}

function one(attachment, act) {
  const type = String(attachment.contentType ?? "");
  const content = attachment.content;
  try {
    if (type === ADAPTIVE && content) return adaptive(content, act);
    if (type.startsWith(CARDS) && content && typeof content === "object") return card(type.slice(CARDS.length), content, act);
    if (type.startsWith("image/") && attachment.contentUrl) return picture(attachment.contentUrl, attachment.name);
  } catch (error) {
    return plain(`${type}: ${error.message}`, content ?? attachment, true);
  }
  if (attachment.contentUrl || attachment.name) return file(attachment, type);
  return plain(type || "Attachment without a type", content ?? attachment);
}

// Adaptive Cards: Microsoft's own renderer.

function adaptive(content, act) {
  const { AdaptiveCard, HostConfig } = globalThis.AdaptiveCards ?? {};
  if (!AdaptiveCard) return plain("Adaptive Card", content, true);
  AdaptiveCard.onProcessMarkdown = (_text, result) => { result.didProcess = false; };
  const drawn = new AdaptiveCard();
  drawn.hostConfig = new HostConfig(hostConfig());
  drawn.onExecuteAction = (action) => perform(action, act);
  drawn.parse(JSON.parse(JSON.stringify(content)));
  const element = drawn.render();
  if (!element) return plain("Adaptive Card without content", content, true);
  for (const image of element.querySelectorAll("img")) image.referrerPolicy = "no-referrer";
  for (const anchor of element.querySelectorAll("a")) {
    anchor.rel = "noopener noreferrer";
    anchor.target = "_blank";
  }
  return h("div", { class: "adaptive" }, element, plain("Card as JSON", content));
}

function perform(action, act) {
  const kind = action.getJsonTypeName();
  if (kind === "Action.OpenUrl") open(action.url);
  if (kind === "Action.Submit" || kind === "Action.Execute") act.say({ value: action.data ?? {} });
}

function open(address) {
  const target = link(address, "");
  if (target) window.open(target.href, "_blank", "noopener,noreferrer");
}

function hostConfig() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  const tone = (name) => ({ default: value(name), subtle: value(name) });
  const colors = {
    default: { default: value("--ink"), subtle: value("--ink-2") },
    dark: tone("--ink"), light: tone("--ink-3"), accent: tone("--accent"),
    good: tone("--good"), warning: tone("--warn"), attention: tone("--bad"),
  };
  const container = (background) => ({ backgroundColor: value(background), foregroundColors: colors });
  return {
    fontFamily: value("--sans"),
    spacing: { small: 4, default: 8, medium: 14, large: 20, extraLarge: 28, padding: 14 },
    separator: { lineThickness: 1, lineColor: value("--line") },
    fontSizes: { small: 12, default: 13.5, medium: 15, large: 18, extraLarge: 22 },
    fontWeights: { lighter: 300, default: 400, bolder: 600 },
    imageSizes: { small: 40, medium: 80, large: 160 },
    supportsInteractivity: true,
    containerStyles: {
      default: container("--surface"), emphasis: container("--raised"), accent: container("--accent-soft"),
      good: container("--good-soft"), warning: container("--warn-soft"), attention: container("--bad-soft"),
    },
    actions: { maxActions: 6, spacing: "default", buttonSpacing: 8, actionsOrientation: "horizontal", actionAlignment: "left", showCard: { actionMode: "inline", inlineTopMargin: 12 } },
    adaptiveCard: { allowCustomStyle: true },
    factSet: { title: { color: "default", size: "default", isSubtle: true, weight: "default", wrap: true, maxWidth: 160 }, value: { color: "default", size: "default", weight: "default", wrap: true }, spacing: 16 },
  };
}

// Hero and its family.

function card(kind, content, act) {
  const images = (content.image ? [content.image] : array(content.images)).slice(0, kind === "thumbnail" ? 1 : 6);
  return h("article", { class: `card ${kind === "thumbnail" ? "thumbnail" : ""}` },
    images.map((image) => img(image?.url, image?.alt)),
    h("div", { class: "card-text" },
      content.title && h("h4", {}, String(content.title)),
      content.subtitle && h("div", { class: "subtitle" }, String(content.subtitle)),
      content.text && h("p", {}, rich(content.text)),
      facts(content),
      array(content.media).map((media) => link(media?.url, media?.url)),
      !["hero", "thumbnail", "signin", "receipt", "oauth", "animation", "audio", "video"].includes(kind) && plain(kind, content)),
    buttons(content.buttons, act));
}

function facts(content) {
  const rows = [...array(content.facts).map((fact) => [fact?.key, fact?.value]), ...array(content.items).map((item) => [item?.title, item?.price])];
  for (const name of ["vat", "tax", "total"]) if (content[name]) rows.push([name.toUpperCase(), content[name]]);
  return rows.length ? h("dl", { class: "facts-table" }, rows.map(([name, value]) => [h("dt", {}, String(name ?? "")), h("dd", {}, String(value ?? ""))])) : null;
}

function buttons(list, act) {
  const known = array(list).filter((action) => action && typeof action === "object");
  return known.length ? h("div", { class: "card-buttons" }, known.map((action) => button(action, act))) : null;
}

// One CardAction; `act` says things for the user.
export function button(action, act) {
  const title = String(action.title ?? action.value ?? action.type ?? "");
  if (["openUrl", "signin", "downloadFile", "playAudio", "playVideo", "showImage"].includes(action.type)) {
    return link(action.value, title) ?? h("button", { type: "button", disabled: true }, title);
  }
  return h("button", { type: "button", onclick: () => act.say(said(action)) }, title);
}

function said({ type, value, text, displayText, title }) {
  if (type === "messageBack") return { text: String(text ?? displayText ?? ""), value: value ?? null };
  if (type === "postBack" || type === "invoke") return typeof value === "string" ? { text: value } : { value: value ?? null };
  return { text: typeof value === "string" ? value : String(title ?? "") };
}

// The rest.

function img(address, alt) {
  const src = safeImage(address);
  return src && h("img", { src, alt: String(alt ?? ""), loading: "lazy", referrerpolicy: "no-referrer" });
}

function picture(address, name) {
  const image = img(address, name ?? "Picture");
  if (!image) return file({ name, contentUrl: address }, "image");
  image.className = "picture";
  return image;
}

function file(attachment, type) {
  const name = String(attachment.name ?? attachment.contentUrl ?? "file");
  const extension = /\.(\w{1,4})$/.exec(name)?.[1] ?? type.split("/").at(-1).slice(0, 4);
  const address = attachment.contentUrl && link(attachment.contentUrl, name);
  return h("div", { class: "file" },
    h("div", { class: "ext", "aria-hidden": "true" }, extension || "file"),
    h("div", {}, h("b", {}, address || name), h("span", {}, type)));
}

function plain(title, content, isOpen = false) {
  return h("details", { class: "plain", open: isOpen }, h("summary", {}, title), h("pre", {}, json(content)));
}
