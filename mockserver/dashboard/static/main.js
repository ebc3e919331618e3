// The page: which part of it is shown, and what stands above all of them.

import { clock, follow, now } from "./clock.js";
import { connection } from "./connection.js";
import { h, fill, say } from "./dom.js";
import { span, timeOfDay, day } from "./format.js";
import { journal } from "./journal.js";
import { forgive, speak, tell } from "./notice.js";
import { requestsView } from "./requests.js";
import { recordsView } from "./records.js";
import { limitsView } from "./limits.js";
import { webhooksView } from "./webhooks.js";
import { faultsView } from "./faults.js";
import { clockView } from "./clock-view.js";
import { tenantsView } from "./tenants.js";
import { stateView } from "./state.js";

const PLACES = [
  ["requests", "Requests", requestsView],
  ["records", "Records", recordsView],
  ["limits", "Limits and keys", limitsView],
  ["webhooks", "Webhooks", webhooksView],
  ["faults", "Faults", faultsView],
  ["clock", "Clock", clockView],
  ["tenants", "Tenants", tenantsView],
  ["state", "State", stateView],
];

const main = document.getElementById("main");
let shown = null; // {name, leave, moved}

function go() {
  const [, name = "requests", rest = ""] = location.hash.split("/");
  const place = PLACES.find(([each]) => each === name) ?? PLACES[0];
  if (shown?.name === place[0]) {
    shown.moved?.(rest);
    return;
  }
  const first = shown === null;
  shown?.leave.abort();
  forgive();
  const leave = new AbortController();
  main.className = place[0];
  fill(main);
  shown = { name: place[0], leave, moved: place[2](main, leave.signal, rest) };
  document.title = `${place[1]} · leadmock`;
  for (const link of document.querySelectorAll("#places a")) {
    if (link.hash === `#/${place[0]}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.querySelector("#places [aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
  if (!first) speak(place[1]);
}

function showClock() {
  const told = clock();
  const ahead = told ? Math.round(told.offset_seconds) : 0;
  const far = Math.abs(ahead) > 1 && !told.frozen;
  const link = document.getElementById("clock");
  const date = day(now()) === day(Date.now() / 1000) ? "" : `${day(now())} `;
  const how = told?.frozen ? " frozen" : far ? ` ${ahead > 0 ? "+" : "−"}${span(Math.abs(ahead))}` : "";
  say(link, `${date}${timeOfDay(now())}${how}`);
  link.setAttribute("aria-label", `Clock of the mock: ${link.textContent}`);
  link.classList.toggle("moved", Boolean(how));
}

const SAID = { connecting: "Connecting", live: "Live", lost: "Connection lost", locked: "Token needed" };

function showConnection() {
  const { state, why } = connection;
  const link = document.getElementById("link");
  link.dataset.state = state;
  link.title = why;
  say(document.getElementById("link-text"), SAID[state]);
  const button = document.getElementById("link-now");
  button.hidden = state === "live" || state === "connecting";
  button.textContent = state === "locked" ? "Enter the token" : "Try now";
  let banner = document.getElementById("lost");
  if (button.hidden) {
    banner?.remove();
    speak(SAID[state]);
    return;
  }
  banner ??= h("p.lost", { id: "lost" });
  say(banner, `${why} ${state === "lost" ? "Trying again by itself; nothing that the journal keeps is missed." : ""}`);
  document.querySelector(".top").after(banner);
  speak(`${SAID[state]}. ${banner.textContent}`);
}

fill(document.getElementById("places"), PLACES.map(([name, title]) => h("a", { href: `#/${name}` }, title)));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
document.getElementById("link-now").addEventListener("click", () => connection.now());
connection.addEventListener("change", showConnection);
connection.addEventListener("restarted", () => tell("The server has been started anew; the list of requests begins again."));
journal.addEventListener("cleared", () => speak("The list of requests is empty"));
window.addEventListener("hashchange", go);
go();
follow(showClock, new AbortController().signal);
showConnection();
connection.run();
