// Which requests are shown. What is chosen stays while one looks at other parts of the page.

import { h, choose, select } from "./dom.js";
import { world } from "./world.js";

const CLASSES = [
  ["", "Any status"],
  ["2", "2xx served"],
  ["3", "3xx"],
  ["4", "4xx refused"],
  ["5", "5xx failed"],
];
const kept = { api: "", status: "", tenant: "", text: "" };

/** Whether a request fits what is chosen. */
export function fits(entry) {
  return (
    (!kept.api || entry.api === kept.api) &&
    (!kept.status || String(entry.status)[0] === kept.status) &&
    (!kept.tenant || tenantOf(entry) === kept.tenant) &&
    (!kept.text || textOf(entry).includes(kept.text.toLowerCase()))
  );
}

/** Whether anything is chosen at all. */
export const isFiltered = () => Object.values(kept).some(Boolean);

const tenantOf = (entry) => (entry.tenant ? `${entry.api}/${entry.tenant}` : "-");

function textOf(entry) {
  const { method, path, query, status, operation, outcome, reason, fault, tenant, tenant_name: name } = entry;
  return [method, `${path}?${query}`, status, operation, outcome, reason, fault, tenant, name].join(" ").toLowerCase();
}

/** The controls; `onChange()` is called when another choice is made. `/` leads to the text. */
export function filterBar(onChange, signal) {
  const api = select([["", "All APIs"]], kept.api, { "aria-label": "API" });
  const status = select(CLASSES, kept.status, { "aria-label": "Status" });
  const tenant = select([["", "All tenants"]], kept.tenant, { "aria-label": "Tenant" });
  const text = h("input", {
    type: "search", value: kept.text, placeholder: "Filter by text", "aria-label": "Filter by text", title: "Press / to get here",
  });
  const offer = () => {
    choose(api, [["", "All APIs"], ...world.apis.map((each) => [each.name, each.title])], kept.api);
    choose(tenant, tenants(), kept.tenant);
  };
  const read = () => {
    if (api.value !== kept.api) tenant.value = "";
    Object.assign(kept, { api: api.value, status: status.value, tenant: tenant.value, text: text.value.trim() });
    offer();
    onChange();
  };
  for (const control of [api, status, tenant]) control.addEventListener("change", read);
  text.addEventListener("input", read);
  world.addEventListener("change", offer, { signal });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, textarea, select, dialog")) return;
    event.preventDefault();
    text.focus();
  }, { signal });
  offer();
  const reset = () => {
    for (const control of [api, status, tenant, text]) control.value = "";
    read();
  };
  return { element: h("div.filters", { role: "search", "aria-label": "Which requests" }, api, status, tenant, text), reset };
}

function tenants() {
  const apis = kept.api ? [kept.api] : world.apis.map((each) => each.name);
  const known = apis.flatMap((api) =>
    world.choices(api).map(([id, name]) => [`${api}/${id}`, kept.api ? name : `${world.title(api)}: ${name}`]),
  );
  return [["", "All tenants"], ["-", "Nobody recognised"], ...known];
}
