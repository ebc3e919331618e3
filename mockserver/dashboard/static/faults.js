// What an API is told to do wrong.

import { at, get, post, remove } from "./api.js";
import { connection } from "./connection.js";
import { h, choose, field, fill, keep, poll, select } from "./dom.js";
import { count } from "./format.js";
import { onTraffic } from "./journal.js";
import { attempt, tell } from "./notice.js";
import { world } from "./world.js";

const REFRESH_MS = 1500;
const KINDS = {
  status: "Answer with a status",
  "rate-limit": "Answer 429 with Retry-After",
  latency: "Wait, then serve",
  drop: "Close the connection",
  "lost-response": "Process it, then lose the answer",
  truncate: "Process it, then break off the answer",
  malformed: "Process it, then answer with broken JSON",
  slow: "Process it, then let the answer drip",
};
const OFTEN = [["next", "The next requests"], ["some", "Some requests, by chance"], ["every", "Every request"]];

export function faultsView(main, signal) {
  let again = () => {};
  const list = h("ul.cards", { "aria-label": "Faults" });
  const none = h("p.empty", { hidden: true }, "Nothing goes wrong on purpose.");
  const all = h("button.danger", { type: "button", hidden: true }, "Switch all off");
  all.addEventListener("click", async () => {
    const told = await attempt(() => remove("/faults"));
    if (told) tell(`${count(told.count, "fault")} switched off.`);
    again();
  });
  fill(main, h("h1", {}, "Faults"), form(() => again(), signal),
    h("div.bar", {}, h("h2", {}, "Switched on"), h("div.actions", {}, all)), list, none);
  again = poll(async () => {
    const { faults } = await get("/faults");
    keep(list, faults, (each) => each.id, (each) => card(each, again));
    none.hidden = faults.length > 0;
    all.hidden = faults.length < 2;
  }, REFRESH_MS, signal);
  onTraffic(again, signal);
  connection.addEventListener("change", again, { signal });
}

function card(fault, again) {
  const off = h("button", { type: "button", "aria-label": `Remove the fault ${what(fault)}` }, "Remove");
  off.addEventListener("click", async () => {
    if (await attempt(() => remove(at("faults", fault.id)))) tell("The fault is off.");
    again();
  });
  return h("li", {}, h("div.fault", {},
    h("span.name", {}, what(fault)), h("span", {}, where(fault)), h("span.quiet", {}, often(fault)),
    h("span.quiet", {}, `struck ${fault.applied === 1 ? "once" : `${fault.applied} times`}`), off));
}

function what(fault) {
  const plain = {
    status: `Answer ${fault.status}`,
    "rate-limit": `Answer 429, Retry-After ${fault.retry_after} s`,
    latency: `Wait ${fault.latency} s`,
    slow: `Drip for ${fault.seconds} s`,
  }[fault.kind] ?? KINDS[fault.kind] ?? fault.kind;
  return fault.latency && fault.kind !== "latency" ? `${plain}, after ${fault.latency} s` : plain;
}

function where(fault) {
  const tenant = world.tenants.find((each) => each.id === fault.tenant && (!fault.api || each.api === fault.api));
  const parts = [fault.api ? world.title(fault.api) : "every API", fault.operation, fault.tenant && (tenant?.name ?? fault.tenant)];
  return parts.filter(Boolean).join(", ");
}

function often(fault) {
  const chance = fault.probability < 1 ? `${Math.round(fault.probability * 1000) / 10} % of requests` : "every request";
  if (fault.times === null) return chance;
  const left = Math.max(0, fault.times - fault.applied);
  return fault.probability < 1 ? `${chance}, ${left} more` : `the next ${left === 1 ? "request" : `${left} requests`}`;
}

function form(again, signal) {
  const api = select([["", "All APIs"]], "");
  const operation = select([["", "All operations"]], "");
  const tenant = select([["", "All tenants"]], "");
  const kind = select(Object.entries(KINDS), "status");
  const status = number(503, 200, 599);
  const retry = number(30, 0, 86400);
  const wait = number(2, 0, 600, "any");
  const drip = number(5, 0, 600, "any");
  const how = select(OFTEN, "next");
  const times = number(1, 1, 1_000_000);
  const chance = number(10, 0.1, 100, "any");
  const extra = { status: field("Status", status), "rate-limit": field("Retry-After, seconds", retry),
    latency: field("Wait, seconds", wait), slow: field("Drip, seconds", drip) };
  const amount = { next: field("How many", times), some: field("Per cent", chance) };
  const element = h("form.form.panel", { "aria-label": "New fault" },
    field("What", kind), Object.values(extra), field("How often", how), Object.values(amount),
    field("API", api), field("Operation", operation), field("Tenant", tenant),
    h("div.actions", {}, h("button.primary", { type: "submit" }, "Switch on")));

  function offer() {
    choose(api, [["", "All APIs"], ...world.apis.map((each) => [each.name, each.title])]);
    const operations = world.api(api.value)?.operations ?? [];
    choose(operation, [["", "All operations"], ...operations.map((each) => [each.id, `${each.id} (${each.method} ${each.path})`])]);
    choose(tenant, [["", "All tenants"], ...(api.value ? world.choices(api.value) : [])]);
    operation.disabled = tenant.disabled = !api.value;
    for (const [name, each] of Object.entries(extra)) each.hidden = name !== kind.value;
    for (const [name, each] of Object.entries(amount)) each.hidden = name !== how.value;
    for (const each of element.querySelectorAll("input")) each.disabled = each.closest(".field").hidden;
  }

  element.addEventListener("change", offer);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { kind: kind.value };
    for (const [name, control] of [["api", api], ["operation", operation], ["tenant", tenant]]) if (control.value) body[name] = control.value;
    for (const [name, control] of [["status", status], ["retry_after", retry], ["latency", wait], ["seconds", drip], ["times", times]]) {
      if (!control.disabled) body[name] = Number(control.value);
    }
    if (!chance.disabled) body.probability = Number(chance.value) / 100;
    if (await attempt(() => post("/faults", body))) tell("The fault is on.");
    again();
  });
  world.addEventListener("change", offer, { signal });
  offer();
  return element;
}

const number = (value, min, max, step = 1) => h("input", { type: "number", value, min, max, step, required: true, inputMode: "decimal" });
