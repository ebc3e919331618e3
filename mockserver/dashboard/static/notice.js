// What has been done, or could not be: a short note at the edge of the page, also read aloud.

import { h, say } from "./dom.js";

const SHOWN_MS = 6000;
const place = () => document.getElementById("notices");

/** Say something politely to whoever listens, and show nothing. */
export function speak(text) {
  say(document.getElementById("spoken"), text);
}

/** Tell that something is done. It goes by itself. */
export function tell(text) {
  speak(text);
  const note = h("div.notice", {}, text);
  place().append(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}

/** Tell that something failed. It stays until it is closed, or another place is gone to. */
export function complain(text) {
  const close = h("button.plain", { type: "button", "aria-label": "Close the message" }, "×");
  const note = h("div.notice.bad", { role: "alert" }, h("span", {}, text), close);
  close.addEventListener("click", () => note.remove());
  place().append(note);
}

/** Take away what was complained of, which concerns a place that is left. */
export function forgive() {
  for (const note of place().querySelectorAll(".bad")) note.remove();
}

/** Run an action of the user's; what the server refuses is told, and false is given. */
export async function attempt(work) {
  try {
    return (await work()) ?? true;
  } catch (error) {
    if (error.name !== "Problem") throw error;
    complain(error.message);
    return false;
  }
}
