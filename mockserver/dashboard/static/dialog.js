// Questions that want an answer first. Escape closes them, and the focus goes back to where it was.

import { h } from "./dom.js";

let last = 0;

/** Show a dialog; `value()` of it when it is agreed to, null when it is closed. */
export function openDialog({ title, body, action, danger = false, value = () => true }) {
  last += 1;
  const heading = h("h2", { id: `dialog-${last}` }, title);
  const cancel = h("button", { type: "button" }, "Cancel");
  const agree = h(danger ? "button.danger" : "button.primary", { type: "submit" }, action);
  const form = h("form", {}, heading, ...body.filter(Boolean), h("div.actions", {}, cancel, agree));
  const dialog = h("dialog", { "aria-labelledby": heading.id }, form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    let answer = null;
    const finish = (event) => {
      event.preventDefault();
      answer = value();
      dialog.close();
    };
    form.addEventListener("submit", finish);
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    dialog.showModal();
    (form.querySelector("input, textarea, select") ?? cancel).focus();
  });
}

/** Ask before something that cannot be undone. */
export async function confirmed(title, text, action) {
  return Boolean(await openDialog({ title, body: [h("p", {}, text)], action, danger: true }));
}
