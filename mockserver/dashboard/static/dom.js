// Elements. Whatever is shown goes in as text, never as markup: nothing here reads HTML.

/**
 * An element: `h("button.plain", {type: "button", onclick}, "Remove")`. A name with a dash, "role", "for" and "list"
 * are attributes, all others properties. Children: nodes and texts; null and false are left out.
 */
export function h(what, props = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name.includes("-") || ["role", "for", "list"].includes(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false));
  return element;
}

/** Replace what a node holds. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false));
  return node;
}

/** Set a text, but only where it differs: selections and screen readers are left in peace. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Make the children of `parent` fit `items`, keeping the elements of those that stay, with their focus and state.
 * `key(item)` names an item; `make(item)` gives its element; one whose JSON has changed is made anew.
 */
export function keep(parent, items, key, make) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map((item) => {
    const name = String(key(item));
    const content = JSON.stringify(item);
    const old = known.get(name);
    known.delete(name);
    if (old && old.content === content) return old;
    const element = make(item);
    element.dataset.key = name;
    element.content = content;
    if (old) {
      const opened = [...old.querySelectorAll("details")].map((each) => each.open);
      element.querySelectorAll("details").forEach((each, at) => (each.open = opened[at] ?? each.open));
      const focused = [...old.querySelectorAll("button, summary, a")].indexOf(document.activeElement);
      old.replaceWith(element);
      if (focused >= 0) element.querySelectorAll("button, summary, a")[focused]?.focus();
    }
    return element;
  });
  known.forEach((gone) => gone.remove());
  wanted.forEach((element, at) => {
    if (parent.children[at] !== element) parent.insertBefore(element, parent.children[at] ?? null);
  });
}

let last = 0;

/** A control with its label: `field("Name", h("input"))`; `hint` is read with it. */
export function field(label, control, hint = "") {
  last += 1;
  control.id ||= `field-${last}`;
  const more = hint ? h("small", { id: `${control.id}-hint` }, hint) : null;
  if (more) control.setAttribute("aria-describedby", more.id);
  return h("div.field", {}, h("label", { htmlFor: control.id }, label), control, more);
}

/** A select: options are `[value, text]`. */
export function select(options, value, props = {}) {
  const element = h("select", props);
  choose(element, options, value);
  return element;
}

/** Give a select other options; it keeps its value where that is still one of them. */
export function choose(element, options, value = element.value) {
  const told = JSON.stringify(options);
  if (element.told !== told) {
    element.told = told;
    fill(element, options.map(([each, text]) => h("option", { value: each }, text)));
  }
  if (options.some(([each]) => each === value)) element.value = value;
}

/** Run `work` now and every `ms` while somebody can see the page, until the signal. A failure is the connection's to tell. */
export function poll(work, ms, signal) {
  let running = false;
  let due = false; // Somebody asked while it ran: what it found may be of before.
  const once = async () => {
    due = true;
    if (running || document.hidden) return;
    running = true;
    try {
      while (due && !signal.aborted) {
        due = false;
        await work();
      }
    } catch (error) {
      if (error.name !== "Problem") throw error;
    } finally {
      running = false;
    }
  };
  const timer = setInterval(once, ms);
  signal.addEventListener("abort", () => clearInterval(timer));
  document.addEventListener("visibilitychange", once, { signal });
  once();
  return once;
}
