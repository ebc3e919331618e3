// Tenants: a fresh one with its credential, and each as it was at its start.

import { ofTenant, post, remove } from "./api.js";
import { copyButton } from "./clipboard.js";
import { confirmed } from "./dialog.js";
import { h, choose, field, fill, keep, poll, select } from "./dom.js";
import { count, rate } from "./format.js";
import { attempt, tell } from "./notice.js";
import { refresh, world } from "./world.js";

const REFRESH_MS = 4000;
const LIMITS = [["", "The usual ones"], ["unmetered", "No rate limits"], ["unlimited", "None at all"]];

export function tenantsView(main, signal) {
  const list = h("div.groups");
  const made = h("div", { "aria-live": "polite" });
  fill(main, h("h1", {}, "Tenants"),
    h("p", {}, "A tenant is a workspace, customer or account of one API. A fresh one is an empty world with a key of its own."),
    form((told) => fill(made, credential(told)), signal), made, list);
  const draw = () => keep(list, world.apis.map((api) => [api, world.tenants.filter((each) => each.api === api.name)]), ([api]) => api.name, group);
  world.addEventListener("change", draw, { signal });
  draw();
  poll(refresh, REFRESH_MS, signal);
}

function form(onMade, signal) {
  const api = select([], "");
  const name = h("input", { type: "text", maxLength: 200, placeholder: "checkout tests", autocomplete: "off" });
  const plan = select([], "");
  const limits = select(LIMITS, "");
  const planField = field("Plan", plan);
  const element = h("form.form.panel", { "aria-label": "New tenant" }, field("API", api), field("Name", name), planField,
    field("Limits", limits), h("div.actions", {}, h("button.primary", { type: "submit" }, "Create a tenant")));
  function offer() {
    choose(api, world.apis.map((each) => [each.name, each.title]));
    const plans = world.api(api.value)?.plans ?? [];
    choose(plan, [["", "The usual plan"], ...plans.map((each) => [each, each])]);
    planField.hidden = !plans.length;
  }
  api.addEventListener("change", offer);
  world.addEventListener("change", offer, { signal });
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = { api: api.value };
    if (name.value.trim()) body.name = name.value.trim();
    if (plan.value) body.plan = plan.value;
    if (limits.value) body[limits.value] = true;
    const told = await attempt(() => post("/tenants", body));
    if (!told) return;
    onMade(told);
    world.choose(told.tenant);
    attempt(refresh);
  });
  offer();
  return element;
}

function credential({ tenant, headers, base_path: base }) {
  const url = location.origin + base;
  const lines = Object.entries(headers);
  const options = lines.map(([name, value]) => `-H '${name}: ${value}'`).join(" ");
  return h("section.panel.made", {}, h("h2", {}, `A fresh ${world.api(tenant.api).tenant_noun} of ${world.title(tenant.api)}`),
    h("p", {}, "The key is shown whole this once."),
    h("dl.facts", {}, [["Name", tenant.name], ["Base URL", url], ...lines].map(([name, value]) => [
      h("dt", {}, name), h("dd", {}, h("code", {}, value), " ", copyButton("Copy", () => value, `Copy ${name}`))])),
    h("div.actions", {}, copyButton("Copy as curl options", () => options)));
}

function group([api, tenants]) {
  return h("section", {}, h("h2", {}, api.title), h("ul.cards", {}, tenants.map((each) => card(each, api))));
}

function card(tenant, api) {
  const empty = h("button", { type: "button", "aria-label": `Empty ${tenant.name} of ${api.title}` }, "Empty");
  const drop = h("button.danger", { type: "button", "aria-label": `Delete ${tenant.name} of ${api.title}` }, "Delete");
  empty.addEventListener("click", async () => {
    const text = "It forgets its records, idempotency keys, deliveries, requests and faults. Its keys stay valid.";
    if (!(await confirmed(`Empty ${tenant.name}?`, text, "Empty it"))) return;
    if (await attempt(() => post(ofTenant(tenant, "reset")))) tell(`${tenant.name} is as at its start.`);
  });
  drop.addEventListener("click", async () => {
    const text = "Its keys are no longer valid, and what it holds is gone.";
    if (!(await confirmed(`Delete ${tenant.name}?`, text, "Delete it"))) return;
    if (await attempt(() => remove(ofTenant(tenant)))) tell(`${tenant.name} is gone.`);
    attempt(refresh);
  });
  return h("li", {}, h("div.tenant", {},
    h("span.name", {}, tenant.name), tenant.name !== tenant.id && h("code.id", {}, tenant.id),
    h("span.quiet", {}, [...limitsOf(tenant), keysOf(tenant)].join("; ")),
    h("div.actions", {}, empty, drop)));
}

/** What holds for it other than for any tenant of its API: a plan, windows of its own in place of the plan's. */
function limitsOf({ plan, unlimited, unmetered, limits }) {
  if (unlimited) return ["no limits"];
  const own = Object.entries(limits).flatMap(([bucket, windows]) => windows.map((each) => rate(bucket, each)));
  const rates = unmetered ? ["no rate limits"] : own;
  return plan ? [`plan ${plan}`, ...rates] : rates;
}

function keysOf({ credentials }) {
  if (!credentials.length) return "no valid key";
  return `${count(credentials.length, "key")}: ${credentials.map((each) => each.secret).join(", ")}`;
}
