// One exchange in whole: why it was answered so, the rule behind that, and both messages.

import { at, get } from "./api.js";
import { copyButton } from "./clipboard.js";
import { h, fill } from "./dom.js";
import { fullTime, took } from "./format.js";
import { bodyOf } from "./json.js";
import { refresh, world } from "./world.js";

const LEVELS = {
  documented: "in the vendor's document",
  "vendor-page": "on the vendor's page",
  assumed: "the vendor is silent; decision",
};

// Faults that close the connection without an answer.
const UNANSWERED = new Set(["drop", "lost-response"]);

/** The pane; `close` is called when somebody wants it away. */
export function exchangePane(close) {
  const element = h("aside.exchange", { "aria-label": "Exchange", hidden: true });
  let id = null;

  async function show(wanted, summary) {
    id = wanted;
    element.hidden = wanted === null;
    if (wanted === null) {
      fill(element);
      return;
    }
    let parts;
    try {
      // Whoever comes by an address that names the exchange is here before the names of the APIs.
      const [whole, why] = await Promise.all([
        get(at("requests", wanted)), get(at("requests", wanted, "explanation")), world.apis.length ? null : refresh(),
      ]);
      parts = [head(whole, close, whole.curl), because(whole, why), rule(whole.rule), message("Request", whole.request), message("Response", whole.response, UNANSWERED.has(whole.fault) ? ", never sent" : "")];
    } catch (error) {
      if (error.name !== "Problem") throw error;
      parts = [summary ? head(summary, close, null) : bare(wanted, close), h("p.problem", {}, error.message)];
    }
    if (id !== wanted) return;
    fill(element, parts);
    element.scrollTop = 0;
  }

  return {
    element,
    show,
    focus: () => element.querySelector("h2")?.focus({ preventScroll: true }),
    get id() {
      return id;
    },
  };
}

function closeButton(close) {
  return h("button.plain", { type: "button", "aria-label": "Close the exchange", title: "Close (Escape)", onclick: close }, "×");
}

function bare(id, close) {
  return h("div.head", {}, h("div.line", {}, h("h2", { tabIndex: -1 }, `Request ${id}`), closeButton(close)));
}

function head(entry, close, curl) {
  const facts = [
    ["Outcome", entry.outcome || "–"],
    ["API", `${world.title(entry.api)}${entry.operation ? `, ${entry.operation}` : ""}`],
    ["Tenant", entry.tenant ? named(entry.tenant_name, entry.tenant) : "nobody recognised"],
    entry.reason && ["Reason", entry.reason],
    entry.fault && ["Fault", entry.fault],
    ["Time", `${fullTime(entry.time)}, took ${took(entry.milliseconds)}`],
  ];
  return h("div.head", {},
    h("div.line", {},
      h("h2", { tabIndex: -1 }, h("span.method", {}, entry.method), " ", entry.query ? `${entry.path}?${entry.query}` : entry.path),
      closeButton(close)),
    h("div.line", {}, badge(entry.status), h("span.number", {}, `Request ${entry.id}`),
      curl && copyButton("Copy as curl", () => curl)),
    h("dl.facts", {}, facts.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

const named = (name, id) => (name && name !== id ? `${name} (${id})` : id);

function badge(status) {
  return h("span.badge", { "data-class": String(status)[0] }, String(status));
}

function because(entry, told) {
  if (entry.status < 400 && !entry.fault) return null;
  return h("section.why", {},
    h("h3", {}, entry.fault ? "Why it was answered so" : "Why it was refused"),
    h("p", {}, told.why),
    told.accepted.length > 0 && [
      h("h4", {}, "What would have been accepted"),
      h("ul.accepted", {}, told.accepted.map((each) => h("li", {}, h("code", {}, each)))),
    ],
    told.related && h("p", {}, h("a", { href: `#/requests/${told.related}` }, `Request ${told.related}, which came before`)));
}

function rule(told) {
  if (!told) return null;
  return h("section.rule", {},
    h("h3", {}, "The rule"),
    h("blockquote", {}, told.text),
    h("p.quiet", {}, h("span.level", {}, told.level), " ", place(told)));
}

function place({ level, document }) {
  if (level === "assumed" && !document) return "the vendor is silent";
  return [LEVELS[level], document].filter(Boolean).join(" ");
}

function message(title, told, remark = "") {
  const names = told.headers.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)));
  const what = title.toLowerCase();
  return h("section.message", {},
    h("h3", {}, title, told.status ? ` ${told.status}${remark}` : ""),
    bodyOf(told, `${what} body`),
    h("details", { open: true }, h("summary", {}, `Headers (${names.length})`),
      h("table.headers", { "aria-label": `${title} headers` }, h("tbody", {}, names))));
}
