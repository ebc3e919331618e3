// The mock's clock: stop it, move it, let it run.

import { clock, follow, move, now } from "./clock.js";
import { h, field, fill, say } from "./dom.js";
import { day, span, timeOfDay } from "./format.js";
import { attempt, tell } from "./notice.js";

const STEPS = [["1 minute", 60], ["1 hour", 3600], ["25 hours", 90000]];

export function clockView(main, signal) {
  const time = h("p.now", { role: "timer", "aria-live": "off" });
  const standing = h("p");
  const freeze = h("button", { type: "button", onclick: () => act("freeze", {}, "The clock stands still.") }, "Freeze");
  const resume = h("button", { type: "button", onclick: () => act("resume", undefined, "The clock runs.") }, "Resume");
  const reset = h("button", { type: "button", onclick: () => act("reset", undefined, "The clock agrees with this machine's.") }, "Back to the machine's time");
  const steps = STEPS.map(([name, length]) =>
    h("button", { type: "button", onclick: () => act("advance", { seconds: length }, `It is ${name} later.`) }, `Advance ${name}`));
  const moment = h("input", { type: "datetime-local", step: 1, required: true });
  const at = h("form.form", {}, field("Freeze at", moment), h("div.actions", {}, h("button", { type: "submit" }, "Freeze there")));
  at.addEventListener("submit", (event) => {
    event.preventDefault();
    act("freeze", { at: new Date(moment.value).toISOString() }, "The clock stands still.");
  });
  fill(main, h("h1", {}, "Clock"),
    h("section.panel", {}, time, standing,
      h("div.actions", {}, freeze, resume, reset), h("div.actions", { role: "group", "aria-label": "Move it forward" }, steps)),
    at,
    h("p.quiet", {}, "Timestamps, rate windows, idempotency keys and webhook retries all follow this clock."));

  async function act(how, body, done) {
    if (await attempt(() => move(how, body))) tell(done);
  }

  follow(() => {
    const told = clock();
    say(time, `${day(now())} ${timeOfDay(now())}`);
    if (!told) return;
    const ahead = now() - Date.now() / 1000;
    const far = Math.abs(ahead) < 1.5 ? "agrees with the machine's" : `is ${span(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} the machine's`;
    say(standing, told.frozen ? `It stands still, and ${far}.` : `It runs, and ${far}.`);
    freeze.disabled = told.frozen;
    resume.disabled = !told.frozen;
    reset.disabled = !told.frozen && Math.abs(told.offset_seconds) < 0.001;
  }, signal);
}
