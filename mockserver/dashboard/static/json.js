// JSON to look at: indented, its parts told apart by colour, or compact on one line.

import { h, fill } from "./dom.js";
import { copyButton } from "./clipboard.js";

const TOO_LONG_TO_COLOUR = 200_000; // characters
const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d[\d.eE+-]*)/g;

/** A block of indented JSON. */
export function jsonBlock(value, label) {
  const block = h("pre.code", { tabIndex: 0, role: "region", "aria-label": label });
  return fill(block, coloured(JSON.stringify(value, null, 2)));
}

function coloured(text) {
  if (text.length > TOO_LONG_TO_COLOUR) return [text];
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKENS)) {
    const [whole, string, colon, word] = match;
    const kind = string ? (colon ? "name" : "string") : word ? "word" : "number";
    const shown = colon ? string : whole;
    parts.push(text.slice(end, match.index), h(`span.json-${kind}`, {}, shown));
    end = match.index + shown.length;
  }
  return [...parts, text.slice(end)];
}

/** The body of a message: JSON indented or compact, text as it is, or that there is none. */
export function bodyOf(message, label) {
  if (message.text !== null) {
    return h("div", {}, bar(label, [copyButton("Copy", () => message.text, `Copy the ${label}`)]),
      h("pre.code", { tabIndex: 0, role: "region", "aria-label": label }, message.text));
  }
  if (message.json === null) return h("div", {}, bar(label, []), h("p.quiet", {}, "No body"));
  const pretty = jsonBlock(message.json, label);
  const compact = h("pre.code", { tabIndex: 0, role: "region", "aria-label": label, hidden: true },
    JSON.stringify(message.json));
  const toggle = h("button", { type: "button", "aria-pressed": "false" }, "Raw");
  toggle.addEventListener("click", () => {
    compact.hidden = !compact.hidden;
    pretty.hidden = !compact.hidden;
    toggle.setAttribute("aria-pressed", String(pretty.hidden));
  });
  const text = () => (pretty.hidden ? compact : pretty).textContent;
  return h("div", {}, bar(label, [toggle, copyButton("Copy", text, `Copy the ${label}`)]), pretty, compact);
}

function bar(label, buttons) {
  return h("div.bar", {}, h("h4", {}, label[0].toUpperCase() + label.slice(1)), h("div.actions", {}, buttons));
}
