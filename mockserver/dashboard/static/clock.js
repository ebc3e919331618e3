// The mock's clock: asked for now and then, and worked out in between, as everything in the mock follows it.

import { get, post } from "./api.js";

const events = new EventTarget();
let known = null; // {epoch_seconds, frozen, offset_seconds, at}

setInterval(() => known && events.dispatchEvent(new Event("tick")), 1000);

/** What is known of it; null before the first answer. */
export const clock = () => known;

/** The mock's time in epoch seconds; this machine's before the first answer. */
export function now() {
  if (!known) return Date.now() / 1000;
  return known.frozen ? known.epoch_seconds : known.epoch_seconds + (performance.now() - known.at) / 1000;
}

/** Ask for it. */
export async function refresh() {
  learn(await get("/clock"));
}

/** Move it: "freeze", "advance", "resume" or "reset". */
export async function move(how, body) {
  learn(await post(`/clock/${how}`, body));
}

/** Call `work` each second, and at once whenever the clock is moved. */
export function follow(work, signal) {
  events.addEventListener("tick", work, { signal });
  work();
}

function learn(told) {
  known = { ...told, at: performance.now() };
  events.dispatchEvent(new Event("tick"));
}
