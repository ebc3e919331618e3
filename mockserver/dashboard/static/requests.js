// Requests as they arrive, and one of them in whole.

import { remove } from "./api.js";
import { confirmed } from "./dialog.js";
import { h, fill, say } from "./dom.js";
import { exchangePane } from "./exchange.js";
import { filterBar, fits, isFiltered } from "./filters.js";
import { count, fullTime, timeOfDay, took } from "./format.js";
import { journal } from "./journal.js";
import { LongList } from "./list.js";
import { attempt, speak, tell } from "./notice.js";
import { refresh as refreshWorld, world } from "./world.js";

const SETTLE_MS = 90; // Between two steps with an arrow key, before the exchange is asked for.
const NARROW = matchMedia("(max-width: 60rem)");

export function requestsView(main, signal, id) {
  let shown = [];
  let paused = false;
  let waiting = 0;
  let missed = 0;

  const list = new LongList({ label: "Requests, the newest first", make: emptyRow, draw: drawRow, signal });
  const filters = filterBar(refilter, signal);
  const tally = h("p.tally");
  const empty = h("div.empty", { hidden: true });
  const pause = h("button", { type: "button", "aria-pressed": "false" }, "Pause");
  const newest = h("button", { type: "button", "aria-pressed": "true", title: "Stay with the newest request" }, "Follow");
  const clear = h("button", { type: "button", title: "Forget all requests" }, "Clear");
  const bar = h("div.toolbar", {}, filters.element, h("div.actions", {}, pause, newest, clear), tally);
  const watch = h("section.watch", { "aria-label": "Requests" }, h("h1.unseen", {}, "Requests"), bar, heading(), list.element, empty);
  const pane = exchangePane(() => (location.hash = "#/requests"));
  fill(main, watch, pane.element);

  function refilter() {
    shown = journal.entries.filter(fits);
    list.show(shown);
    told();
    speak(`${count(shown.length, "request")} shown`);
  }

  function added({ detail: { fresh, trimmed } }) {
    if (fresh.some((each) => each.tenant && !world.tenants.some((known) => known.id === each.tenant))) attempt(refreshWorld);
    if (paused) {
      waiting += fresh.length;
      told();
      return;
    }
    const fitting = fresh.filter(fits);
    const oldest = trimmed ? journal.entries[0] : null;
    let gone = 0;
    while (oldest && gone < shown.length && Number(shown[gone].id) < Number(oldest.id)) gone += 1;
    shown.splice(0, gone);
    shown.push(...fitting);
    if (!list.following) missed += fitting.length;
    list.grown(fitting.length, gone);
    told();
  }

  function told() {
    const all = journal.entries.length;
    say(tally, isFiltered() ? `${shown.length.toLocaleString("en")} of ${count(all, "request")}` : count(all, "request"));
    say(pause, paused ? (waiting ? `Resume (${waiting} new)` : "Resume") : "Pause");
    pause.setAttribute("aria-pressed", String(paused));
    say(newest, missed && !list.following ? `Follow (${missed} new)` : "Follow");
    newest.setAttribute("aria-pressed", String(list.following));
    empty.hidden = shown.length > 0;
    if (!shown.length) fill(empty, all ? nothingFits(all) : nothingYet());
  }

  function nothingFits(all) {
    const reset = h("button", { type: "button", onclick: filters.reset }, "Show all");
    return [h("p", {}, all === 1 ? "The one request does not fit." : `None of ${all} requests fits.`), reset];
  }

  function follow() {
    if (list.following) missed = 0;
    told();
  }

  pause.addEventListener("click", () => {
    paused = !paused;
    waiting = 0;
    if (paused) told();
    else refilter();
  });
  newest.addEventListener("click", () => list.follow(!list.following));
  clear.addEventListener("click", async () => {
    const sure = await confirmed("Forget all requests?", "The journal is emptied. Records, keys and limits stay.", "Forget them");
    if (!sure || !(await attempt(() => remove("/requests")))) return;
    journal.clear();
    location.hash = "#/requests";
    tell("The journal is empty.");
  });
  list.addEventListener("follow", follow);
  journal.addEventListener("added", added, { signal });
  journal.addEventListener("limited", told, { signal });
  journal.addEventListener("cleared", () => {
    waiting = missed = 0;
    refilter();
  }, { signal });

  let settle;
  list.addEventListener("open", ({ detail }) => {
    clearTimeout(settle);
    location.hash = `#/requests/${detail.id}`;
    if (pane.id === detail.id) pane.focus();
    else focusNext = byKey;
  });
  let focusNext = false;
  let byKey = false;
  list.element.addEventListener("keydown", () => (byKey = true), { capture: true });
  list.element.addEventListener("pointerdown", () => (byKey = false));
  list.addEventListener("move", ({ detail }) => {
    if (pane.id === null) return;
    clearTimeout(settle);
    settle = setTimeout(() => {
      history.replaceState(null, "", `#/requests/${detail.id}`);
      moved(detail.id);
    }, SETTLE_MS);
  });
  main.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || pane.id === null) return;
    location.hash = "#/requests";
  }, { signal });
  const cover = () => (watch.inert = NARROW.matches && pane.id !== null);
  NARROW.addEventListener("change", cover, { signal });

  async function moved(wanted) {
    const was = pane.id;
    main.classList.toggle("open", Boolean(wanted));
    list.mark(wanted || list.active);
    const summary = journal.entries.find((each) => each.id === wanted);
    const focus = focusNext || NARROW.matches;
    focusNext = false;
    const shownYet = pane.show(wanted || null, summary);
    cover();
    if (!wanted && was !== null) list.element.focus({ preventScroll: true });
    await shownYet;
    if (wanted && focus && pane.id === wanted) pane.focus();
  }

  refilter();
  moved(id);
  return moved;
}

function nothingYet() {
  if (journal.limit === 0) {
    return [
      h("p", {}, "This server keeps no requests to look at."),
      h("p", {}, "Start it with ", h("code", {}, "--journal 1000"), " to see them here."),
    ];
  }
  return [
    h("p", {}, "No requests yet. They show here as they arrive."),
    h("p", {}, h("a", { href: "/" }, "Each API has a line to paste"), ", with a key that works."),
  ];
}

const heading = () =>
  h("div.row.heading", { "aria-hidden": "true" },
    ["Time", "Status", "Method", "Path", "Tenant", "Outcome", ""].map((each) => h("span", {}, each)));

const emptyRow = () =>
  h("div.row", {}, ["time", "status", "method", "path", "tenant", "outcome", "took"].map((each) => h(`span.${each}`)));

function drawRow(row, entry) {
  const [time, status, method, path, tenant, outcome, duration] = row.children;
  say(time, timeOfDay(entry.time));
  time.title = fullTime(entry.time);
  say(status, String(entry.status));
  row.dataset.class = String(entry.status)[0];
  say(method, entry.method);
  say(path, entry.query ? `${entry.path}?${entry.query}` : entry.path);
  path.title = path.textContent;
  say(tenant, entry.tenant_name ?? "");
  tenant.title = entry.tenant ?? "";
  say(outcome, entry.outcome || (entry.fault ? `fault: ${entry.fault}` : ""));
  outcome.title = outcome.textContent;
  say(duration, took(entry.milliseconds));
}
