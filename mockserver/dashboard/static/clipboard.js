// Copying, also where the browser's clipboard is closed to pages that came by plain HTTP from another machine.

import { h } from "./dom.js";
import { complain, speak } from "./notice.js";

const SHOWN_MS = 1600;

/** Copy a text; whether it worked. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const area = h("textarea.unseen", { value: text, readOnly: true, "aria-hidden": "true" });
  document.body.append(area);
  area.select();
  const worked = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return worked;
}

/** A button that copies `text()` and says so. */
export function copyButton(label, text, name = label) {
  const button = h("button.copy", { type: "button", "aria-label": name === label ? undefined : name }, label);
  button.addEventListener("click", async () => {
    if (!(await copy(text()))) {
      complain("The browser did not allow copying; select the text and copy it by hand.");
      return;
    }
    speak(`${name}: copied`);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = label), SHOWN_MS);
  });
  return button;
}
