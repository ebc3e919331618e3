// Filling a tenant with leads, as its API's own create operation would make them.

import { ofTenant, postText } from "./api.js";
import { openDialog } from "./dialog.js";
import { h, field } from "./dom.js";
import { count } from "./format.js";
import { attempt, complain, tell } from "./notice.js";

const SHOWN = 5; // refused rows that are told one by one
const HINT = "A JSON or YAML list of bodies of the create operation, or CSV whose first line names the members.";

let draft = ""; // What was refused is there again when the dialog is opened next.

/** Ask for rows and send them; true if any became a record. */
export async function seed(tenant) {
  const rows = h("textarea", { rows: 10, required: true, spellcheck: false, value: draft });
  const file = h("input", { type: "file", accept: ".json,.csv,.yaml,.yml" });
  file.addEventListener("change", async () => {
    if (file.files[0]) rows.value = await file.files[0].text();
  });
  const text = await openDialog({ title: `Add leads to ${tenant.name}`, action: "Add them", value: () => rows.value,
    body: [field("Rows", rows, HINT), field("or from a file", file)] });
  if (text === null) return false;
  draft = text;
  const report = await attempt(() => postText(ofTenant(tenant, "seed"), text, typeOf(text)));
  if (!report) return false;
  if (report.refused) complain(refusals(report));
  else draft = "";
  if (report.accepted) tell(`${count(report.accepted, "row")} taken.`);
  return report.accepted > 0;
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
