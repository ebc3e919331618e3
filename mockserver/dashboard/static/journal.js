// The requests that the page knows, oldest first: each once, in the order of their ids, and no more than fit.

const MOST = 5000;
const TRIMMED = 500; // At once, so that trimming is rare.
const SETTLE_MS = 250;

class Journal extends EventTarget {
  entries = [];
  /** The id of the newest request, as a number; 0 where there is none. */
  last = 0;
  /** How many requests the server keeps; null before it has said so. */
  limit = null;

  /** Take in what the server says of itself. */
  learn(limit) {
    if (limit === this.limit) return;
    this.limit = limit;
    this.dispatchEvent(new Event("limited"));
  }

  /** Take in summaries in the order of their ids; those known already are left out. */
  add(summaries) {
    const fresh = [];
    for (const each of summaries) {
      const number = Number(each.id);
      if (number <= this.last) continue;
      this.last = number;
      fresh.push(each);
    }
    if (!fresh.length) return;
    this.entries.push(...fresh);
    const trimmed = this.entries.length > MOST ? this.entries.length - MOST + TRIMMED : 0;
    if (trimmed) this.entries.splice(0, trimmed);
    this.dispatchEvent(new CustomEvent("added", { detail: { fresh, trimmed } }));
  }

  /** Forget those that are shown; ids go on. */
  clear() {
    this.entries = [];
    this.dispatchEvent(new Event("cleared"));
  }

  /** Forget everything: ids begin anew. */
  restart() {
    this.last = 0;
    this.clear();
  }
}

export const journal = new Journal();

/** Call `work` soon after requests have arrived, and not more often than makes sense to look at. */
export function onTraffic(work, signal) {
  let timer = null;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = null;
      if (!signal.aborted) work();
    }, SETTLE_MS);
  };
  journal.addEventListener("added", soon, { signal });
}
