// What a tenant holds: leads, and every other kind of record.

import { get, ofTenant } from "./api.js";
import { copyButton } from "./clipboard.js";
import { h, choose, fill, keep, poll, say, select, field } from "./dom.js";
import { connection } from "./connection.js";
import { count, fullTime, short } from "./format.js";
import { onTraffic } from "./journal.js";
import { jsonBlock } from "./json.js";
import { tenantPicker } from "./picker.js";
import { seed } from "./seeding.js";
import { world } from "./world.js";

const PAGE = 50;
const REFRESH_MS = 4000; // Beside what follows from traffic: others may seed or reset.
const SETTLE_MS = 200; // Between two letters, before the search is made.
// What people know a record by, the likeliest first; each API has names of its own.
const NAMES = ["name", "contact_name", "full_name", "first_name", "title", "url"];
const DETAILS = ["email", "contact_email", "phone", "contact_phone", "status", "stage", "lead_stage", "score", "created_at"];

export function recordsView(main, signal) {
  let tenant = null;
  let page = 0; // 0 = the newest
  let again = () => {};

  const kind = select([], "");
  const text = h("input", { type: "search", placeholder: "Name, email, phone …" });
  const archived = h("input", { type: "checkbox" });
  const list = h("ul.cards", { "aria-label": "Records" });
  const empty = h("p.empty", { hidden: true });
  const tally = h("p.tally", { role: "status" });
  const older = h("button", { type: "button", onclick: () => turn(1) }, "Older");
  const newer = h("button", { type: "button", onclick: () => turn(-1) }, "Newer");
  const add = h("button", { type: "button" }, "Add leads…");
  add.addEventListener("click", async () => {
    if (tenant && (await seed(tenant))) again();
  });
  const picker = tenantPicker((chosen) => {
    tenant = chosen;
    const kinds = world.api(tenant.api)?.kinds ?? [];
    choose(kind, kinds.map((each) => [each, each]), kinds.includes(kind.value) ? kind.value : kinds[0]);
    turn(-page);
  }, signal);
  fill(main, h("h1", {}, "Records"),
    h("div.form", {}, picker, field("Kind", kind), field("Search", text),
      h("div.field.check", {}, h("label", {}, archived, " Also archived ones"))),
    h("div.bar", {}, tally, h("div.actions", {}, add, newer, older)), list, empty);

  function turn(by) {
    page = Math.max(0, page + by);
    again();
  }

  const choice = () => ({ kind: kind.value, text: text.value.trim(), archived: archived.checked });

  async function refresh() {
    if (!tenant) return;
    const asked = JSON.stringify([tenant, page, choice()]);
    const found = await newest(ofTenant(tenant, "records"), choice(), page);
    if (asked !== JSON.stringify([tenant, page, choice()])) return;
    page = found.page;
    draw(found);
  }

  function draw({ records, kinds, total, offset }) {
    const every = world.api(tenant.api)?.kinds ?? [];
    const known = every.filter((each, index) => index === 0 || kinds[each] || each === kind.value);
    choose(kind, known.map((each) => [each, kinds[each] ? `${each} (${kinds[each]})` : each]));
    keep(list, records, (record) => `${tenant.api}/${tenant.id}/${record.kind}/${record.id}`, card);
    const range = `${offset + 1} to ${offset + records.length} of ${count(total, "record")}, the newest first`;
    say(tally, total > PAGE ? range : count(total, "record"));
    older.hidden = newer.hidden = total <= PAGE;
    older.disabled = offset === 0;
    newer.disabled = page === 0;
    empty.hidden = total > 0;
    const searched = choice().text;
    say(empty, searched ? `No ${kind.value} holds “${searched}”.` : `This ${noun()} has no ${kind.value} yet.`);
  }

  const noun = () => world.api(tenant.api)?.tenant_noun ?? "tenant";

  let settle;
  text.addEventListener("input", () => {
    clearTimeout(settle);
    settle = setTimeout(() => turn(-page), SETTLE_MS);
  });
  for (const control of [kind, archived]) control.addEventListener("change", () => turn(-page));
  again = poll(refresh, REFRESH_MS, signal);
  onTraffic(again, signal);
  connection.addEventListener("change", again, { signal });
}

/** One page of records, counted from the newest, and its number; the API gives the oldest first. */
async function newest(path, query, wanted) {
  const first = await get(path, { ...query, limit: PAGE });
  const { total } = first;
  if (total <= PAGE) return { ...first, records: first.records.reverse(), offset: 0, page: 0 };
  const page = Math.min(wanted, Math.ceil(total / PAGE) - 1);
  const end = total - page * PAGE;
  const offset = Math.max(0, end - PAGE);
  const { records, kinds } = await get(path, { ...query, offset, limit: end - offset });
  return { records: records.reverse(), kinds, total, offset, page };
}

function card(record) {
  const { data } = record;
  const name = NAMES.map((each) => data[each]).find((value) => typeof value === "string" && value) ?? record.id;
  const details = DETAILS.map((each) => data[each]).filter((value) => ["string", "number"].includes(typeof value) && value !== "");
  const keys = Object.entries(record.keys);
  const whole = h("div.inside");
  const box = h("details", {}, h("summary", {},
    h("span.name", {}, name), record.archived && h("span.badge", {}, "archived"),
    h("span.more", {}, details.map((each) => h("span", {}, shown(each)))), h("code.id", { title: record.id }, short(record.id))), whole);
  box.addEventListener("toggle", () => {
    if (!box.open || whole.firstChild) return;
    const json = jsonBlock(data, `Record ${record.id}`);
    fill(whole, h("div.bar", {}, h("h2.minor", {}, "As it is stored"), copyButton("Copy", () => json.textContent, "Copy the record")), json,
      keys.length && [h("h2.minor", {}, "Found by"), h("dl.facts", {}, keys.map(([key, value]) => [h("dt", {}, key), h("dd", {}, value)]))]);
  });
  return h("li", {}, box);
}

const shown = (value) => (/^\d{4}-\d\d-\d\dT/.test(value) ? fullTime(value).slice(0, 19) : String(value));
