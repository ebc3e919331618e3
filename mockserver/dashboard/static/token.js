// The control token: asked for once, kept for this tab alone, never in an address.

import { h, field } from "./dom.js";
import { openDialog } from "./dialog.js";

const PLACE = "leadmock-control-token";
let asking = null;
let declined = false;

/** The token to send, if any. */
export const token = () => sessionStorage.getItem(PLACE);

/** Whether somebody closed the question; it is not put again until `askAgain`. */
export const isDeclined = () => declined;

/** Put the question again. */
export function askAgain() {
  declined = false;
}

/**
 * After an answer 401 to a call that used `used`: whether there is another token to try. Several calls that fail
 * at once ask once.
 */
export async function anotherToken(used) {
  if (token() !== used) return true;
  if (declined) return false;
  asking ??= ask(used !== null).finally(() => (asking = null));
  return asking;
}

async function ask(wasWrong) {
  const input = h("input", { type: "password", autocomplete: "off", required: true, spellcheck: false });
  const given = await openDialog({
    title: "This server asks for its control token",
    body: [
      wasWrong ? h("p.problem", { role: "alert" }, "That token was not accepted.") : null,
      h("p", {}, "It can be reached from other machines, so looking into it and changing it needs a token. ",
        h("code", {}, "leadmock serve"), " printed it when it started, in the line that begins with “Control plane”."),
      field("Token", input, "Kept for this tab, until it is closed."),
    ],
    action: "Continue",
    value: () => input.value.trim(),
  });
  declined = !given;
  if (given) sessionStorage.setItem(PLACE, given);
  return Boolean(given);
}
