// Filling a tenant with leads, as its API's own create operation would make them.

import { ofTenant, postText } from "./api.js";
import { openDialog } from "./dialog.js";
import { h, field } from "./dom.js";
import { count } from "./format.js";
import { attempt, complain, tell } from "./notice.js";
import { examplesOf } from "./rows.js";
import { world } from "./world.js";

const SHOWN = 5; // refused rows that are told one by one
const HINT = "A JSON or YAML list of bodies of the create operation, or CSV whose first line names the members.";

let draft = ""; // What was refused is there again when the dialog is opened next.

/** Ask for rows and send them; true if any became a record. */
export async function seed(tenant) {
  const rows = h("textarea", { rows: 8, required: true, spellcheck: false, value: draft });
  const file = h("input", { type: "file", accept: ".json,.csv,.yaml,.yml" });
  file.addEventListener("change", async () => {
    if (!file.files[0]) return;
    rows.value = await file.files[0].text();
    rows.dispatchEvent(new Event("input"));
  });
  const text = await openDialog({ title: `Add leads to ${tenant.name}`, action: "Add them", value: () => rows.value,
    body: [field("Rows", rows, HINT), field("or from a file", file), example(world.api(tenant.api), rows)] });
  if (text === null) return false;
  draft = text;
  const report = await attempt(() => postText(ofTenant(tenant, "seed"), text, typeOf(text)));
  if (!report) return false;
  if (report.refused) complain(refusals(report));
  else draft = "";
  if (report.accepted) tell(`${count(report.accepted, "row")} taken.`);
  return report.accepted > 0;
}

/** What could be pasted, in the form of one's choice. It never takes the place of what somebody has typed. */
function example(api, rows) {
  const texts = examplesOf(api.seed_example);
  const shown = h("pre.code", { tabIndex: 0, role: "region", "aria-label": "Example" });
  const forms = Object.keys(texts).map((form) => h("button", { type: "button", onclick: () => show(form) }, form));
  const use = h("button", { type: "button", "aria-label": "Use the example" }, "Use it");
  use.addEventListener("click", () => {
    rows.value = shown.textContent;
    rows.focus();
  });
  rows.addEventListener("input", offer);
  function show(form) {
    shown.textContent = texts[form];
    for (const each of forms) each.setAttribute("aria-pressed", String(each.textContent === form));
  }
  function offer() {
    use.disabled = rows.value.trim() !== "" && !Object.values(texts).includes(rows.value);
  }
  show("JSON");
  offer();
  return h("div.example", {}, h("div.bar", {}, h("h3.minor", {}, `An example for ${api.title}`), h("div.choices", {}, forms, use)), shown);
}

/** CSV begins with a line of names; a JSON or YAML list does not. */
function typeOf(text) {
  if (/^\s*[[{]/.test(text)) return "application/json";
  return /^\s*-\s/.test(text) ? "application/yaml" : "text/csv";
}

function refusals({ rows, refused }) {
  const told = rows.filter((row) => row.errors.length).slice(0, SHOWN).map((row) => `row ${row.row}: ${row.errors[0]}`);
  return `${count(refused, "row")} refused. ${told.join("; ")}${refused > SHOWN ? "; …" : ""}`;
}
