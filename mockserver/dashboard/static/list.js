// A list of any length: only the rows that can be seen exist, and they are used again as one scrolls.
//
// Items are given oldest first and shown newest first. One stop of the Tab key; arrows, Page, Home and End move in it.

import { h } from "./dom.js";

const SPARE = 6; // Rows above and below the visible ones.

export class LongList extends EventTarget {
  #items = [];
  #rows = new Map(); // index -> row
  #free = [];
  #active = null;
  #draw;
  #due = false;
  #following = true;

  /** `make()` gives an empty row, `draw(row, item)` fills it. Items have an `id`. */
  constructor({ label, make, draw, signal }) {
    super();
    this.make = make;
    this.#draw = draw;
    this.space = h("div.space", { role: "presentation" });
    this.element = h("div.long-list", { role: "listbox", tabIndex: 0, "aria-label": label }, this.space);
    this.element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.#pressed(event));
    this.element.addEventListener("click", (event) => this.#clicked(event));
    this.element.addEventListener("focus", () => this.active ?? (this.#items.length && this.activate(this.#newest(), false)));
    const watch = new ResizeObserver(() => this.#measured());
    watch.observe(this.element);
    signal.addEventListener("abort", () => watch.disconnect());
  }

  get active() {
    return this.#active;
  }

  get following() {
    return this.#following;
  }

  /** Show other items, the newest at the top. */
  show(items) {
    this.#items = items;
    this.#release(() => true);
    this.#ask();
  }

  /** Items were added at the end of the same array, and `gone` removed from its beginning. */
  grown(added, gone) {
    if (gone) this.#release(() => true);
    this.#stretch();
    if (!this.#following) this.element.scrollTop += added * this.height;
    this.#ask();
  }

  /** Stay with the newest, or keep the place. */
  follow(on) {
    if (on) this.element.scrollTop = 0;
    if (on === this.#following) return;
    this.#following = on;
    this.dispatchEvent(new Event("follow"));
  }

  /** Make an item the active one, and bring it into view. */
  activate(item, open = false) {
    this.#active = item.id;
    this.#reveal(item);
    this.paint();
    this.dispatchEvent(new CustomEvent(open ? "open" : "move", { detail: item }));
  }

  /** Mark the item with this id, and bring it into view where it is in the list; null for none. */
  mark(id) {
    this.#active = id;
    const item = this.#items.find((each) => each.id === id);
    if (item && this.height) this.#reveal(item);
    this.#ask();
  }

  #reveal(item) {
    const top = this.#top(this.#items.indexOf(item));
    const hidden = top + this.height - this.element.scrollTop - this.element.clientHeight;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (hidden > 0) this.element.scrollTop += hidden;
    if (this.element.scrollTop > 0) this.follow(false);
  }

  #newest = () => this.#items.at(-1);
  #top = (index) => (this.#items.length - 1 - index) * this.height;

  #scrolled() {
    this.follow(this.element.scrollTop < 2);
    this.#ask();
  }

  #pressed(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.height) - 1);
    const steps = { ArrowDown: -1, ArrowUp: 1, PageDown: -page, PageUp: page, Home: Infinity, End: -Infinity };
    const at = this.#items.findIndex((each) => each.id === this.#active);
    if (event.altKey || event.ctrlKey || event.metaKey || !this.#items.length) return;
    if (event.key in steps) {
      event.preventDefault();
      this.follow(event.key === "Home");
      const from = at < 0 ? this.#items.length : at;
      const to = Math.min(this.#items.length - 1, Math.max(0, from + steps[event.key]));
      this.activate(this.#items[to]);
    } else if ((event.key === "Enter" || event.key === " ") && at >= 0) {
      event.preventDefault();
      this.follow(false);
      this.activate(this.#items[at], true);
    }
  }

  #clicked(event) {
    const row = event.target.closest("[role=option]");
    if (!row?.item) return;
    this.follow(false);
    this.activate(row.item, true);
  }

  #measured() {
    const probe = this.#row();
    this.space.append(probe);
    this.height = probe.offsetHeight || this.height || 32;
    probe.remove();
    this.#free.push(probe);
    this.#release(() => true);
    this.paint();
  }

  #row() {
    const row = this.#free.pop() ?? this.make();
    row.setAttribute("role", "option");
    return row;
  }

  /** Draw before the next frame, however often it is asked for. */
  #ask() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.paint();
    });
  }

  #stretch() {
    this.space.style.height = `${this.#items.length * (this.height ?? 32)}px`;
  }

  paint() {
    if (!this.height) return;
    this.#stretch();
    if (this.#following) this.element.scrollTop = 0;
    const first = Math.floor(this.element.scrollTop / this.height) - SPARE;
    const last = Math.ceil((this.element.scrollTop + this.element.clientHeight) / this.height) + SPARE;
    const high = Math.min(this.#items.length - 1, this.#items.length - 1 - first);
    const low = Math.max(0, this.#items.length - 1 - last);
    this.#release((index) => index < low || index > high);
    let before = null; // Rows stand in the document as they are seen: whoever reads it aloud goes by that.
    for (let index = high; index >= low; index -= 1) before = this.#place(index, before);
    const active = this.space.querySelector("[aria-selected=true]");
    if (active) this.element.setAttribute("aria-activedescendant", active.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #place(index, before) {
    let row = this.#rows.get(index);
    const item = this.#items[index];
    if (!row) {
      row = this.#row();
      this.#rows.set(index, row);
    }
    if (!row.isConnected || row.previousSibling !== before) this.space.insertBefore(row, before ? before.nextSibling : this.space.firstChild);
    if (row.item !== item) {
      row.item = item;
      row.id = `row-${item.id}`;
      this.#draw(row, item);
    }
    row.style.transform = `translateY(${this.#top(index)}px)`;
    row.setAttribute("aria-posinset", this.#items.length - index);
    row.setAttribute("aria-setsize", this.#items.length);
    row.setAttribute("aria-selected", String(item.id === this.#active));
    return row;
  }

  #release(which) {
    for (const [index, row] of this.#rows) {
      if (!which(index)) continue;
      this.#rows.delete(index);
      row.remove();
      row.item = null;
      this.#free.push(row);
    }
  }
}
