// The whole state: keep it, go back to it, or start again.

import { at, get, post, put, remove } from "./api.js";
import { confirmed } from "./dialog.js";
import { h, field, fill, keep, poll } from "./dom.js";
import { fullTime } from "./format.js";
import { journal } from "./journal.js";
import { attempt, tell } from "./notice.js";
import { refresh as refreshClock } from "./clock.js";
import { refresh as refreshWorld } from "./world.js";

const REFRESH_MS = 3000;

export function stateView(main, signal) {
  let again = () => {};
  const list = h("ul.cards", { "aria-label": "Snapshots" });
  const none = h("p.empty", { hidden: true }, "No snapshot has been taken.");
  const name = h("input", { type: "text", required: true, pattern: "[A-Za-z0-9_.\\-]{1,100}", autocomplete: "off",
    placeholder: "before-import", title: "Letters, digits, dots, dashes and underscores" });
  const take = h("form.form", { "aria-label": "New snapshot" }, field("Name", name), h("div.actions", {}, h("button.primary", { type: "submit" }, "Take a snapshot")));
  take.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await attempt(() => put(at("snapshots", name.value)))) tell(`The state is kept as ${name.value}.`);
    again();
  });
  const reset = h("button.danger", { type: "button" }, "Reset everything");
  reset.addEventListener("click", async () => {
    const text = "Every tenant forgets its records, idempotency keys, rate windows and deliveries. The journal and all faults go, and the clock returns to the machine's time. Tenants and keys stay valid.";
    if (!(await confirmed("Reset everything?", text, "Reset everything"))) return;
    if (!(await attempt(() => post("/reset")))) return;
    journal.clear();
    tell("All is as at the start.");
    attempt(() => Promise.all([refreshWorld(), refreshClock()]));
  });
  fill(main, h("h1", {}, "State"),
    h("h2", {}, "Snapshots"),
    h("p", {}, "Records, tenants, idempotency keys, rate windows and deliveries, kept until the server stops."), take, list, none,
    h("h2", {}, "Start again"),
    h("p", {}, "Demo tenants get their first records again."), h("div.actions", {}, reset));
  again = poll(async () => {
    const { snapshots } = await get("/snapshots");
    keep(list, snapshots, (each) => each.name, (each) => card(each, again));
    none.hidden = snapshots.length > 0;
  }, REFRESH_MS, signal);
}

function card(snapshot, again) {
  const restore = h("button", { type: "button", "aria-label": `Restore ${snapshot.name}` }, "Restore");
  const drop = h("button.danger", { type: "button", "aria-label": `Delete ${snapshot.name}` }, "Delete");
  restore.addEventListener("click", async () => {
    const text = "The present state is replaced by the snapshot. The journal, faults and the clock stay as they are.";
    if (!(await confirmed(`Go back to ${snapshot.name}?`, text, "Go back"))) return;
    if (await attempt(() => post(at("snapshots", snapshot.name, "restore")))) tell(`The state is that of ${snapshot.name}.`);
    attempt(refreshWorld);
  });
  drop.addEventListener("click", async () => {
    if (await attempt(() => remove(at("snapshots", snapshot.name)))) tell(`${snapshot.name} is deleted.`);
    again();
  });
  return h("li", {}, h("div.snapshot", {},
    h("span.name", {}, snapshot.name), h("span.quiet", {}, `taken ${fullTime(snapshot.taken_at)}`), h("div.actions", {}, restore, drop)));
}
