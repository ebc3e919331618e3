// The live stream of requests: lost and found again by itself, without gaps and without doubles.
//
// The stream is opened first and the journal read after it, so that nothing falls between the two; what comes twice
// is known by its id. Ids grow by one: a jump means that the server dropped some for a slow viewer, and the journal
// is read again from there.

import { Problem, get, open } from "./api.js";
import { journal } from "./journal.js";
import { askAgain, isDeclined } from "./token.js";
import { refresh as refreshWorld } from "./world.js";
import { refresh as refreshClock } from "./clock.js";

const MOST = 1000; // The journal gives no more at once.
const FIRST_WAIT = 0.5; // seconds
const LONGEST_WAIT = 5;
const WATCH_MS = 3000;
const AWAY_MS = 10_000; // A page that nobody sees lets go: browsers keep six connections to a server for all tabs together.
const CLOCKS_DIFFER = 0.5; // seconds

class Connection extends EventTarget {
  /** "connecting", "live", "lost", or "locked" where a token is missing. */
  state = "connecting";
  why = "";
  #hurry = () => {};
  #abort = null;
  #leaving = 0;
  #started = null; // When the server was, on this page's clock.

  /** Keep the page connected for as long as it is open. */
  async run() {
    setInterval(() => this.#look(), WATCH_MS);
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#seen());
    let wait = FIRST_WAIT;
    for (;;) {
      try {
        await this.#watch(() => (wait = FIRST_WAIT));
        this.#tell("lost", "The server ended the connection.");
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        const state = document.hidden ? "connecting" : error.status === 401 && isDeclined() ? "locked" : "lost";
        this.#tell(state, error.message);
      }
      await this.#pause(this.state === "locked" || document.hidden ? 3600 : wait);
      wait = Math.min(LONGEST_WAIT, wait * 2);
    }
  }

  /** Try at once, and ask for the token again where it is missing. */
  now() {
    askAgain();
    this.#hurry();
  }

  async #watch(onLive) {
    this.#abort = new AbortController();
    try {
      const response = await open("/requests/stream", this.#abort.signal);
      await this.#noticeRestart();
      await this.#catchUp();
      await Promise.all([refreshWorld(), refreshClock()]);
      onLive();
      this.#tell("live", "");
      await this.#read(response.body);
    } finally {
      this.#abort.abort();
    }
  }

  /** A server that has been started since counts from one again; where several share a journal, ids go on. */
  async #noticeRestart() {
    const { uptime_seconds: uptime, journal: limit, shared } = await get("/health");
    journal.learn(limit);
    const started = performance.now() / 1000 - uptime;
    const known = this.#started;
    this.#started = started;
    const { requests } = await get("/requests", { limit: 1 });
    const newest = Number(requests[0]?.id ?? journal.last);
    const isNewer = !shared && started >= known + CLOCKS_DIFFER;
    if (known === null || (!isNewer && newest >= journal.last)) return;
    journal.restart();
    this.dispatchEvent(new Event("restarted"));
  }

  async #catchUp() {
    const { requests } = await get("/requests", { since: journal.last, limit: MOST });
    journal.add(requests.reverse());
  }

  async #read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read().catch(broken);
      if (done) return;
      const events = (text + value).split("\n\n");
      text = events.pop();
      await this.#take(events.flatMap(dataOf).filter((each) => Number(each.id) > journal.last));
    }
  }

  async #take(summaries) {
    if (summaries.length && Number(summaries.at(-1).id) - journal.last !== summaries.length) await this.#catchUp();
    journal.add(summaries);
  }

  #seen() {
    clearTimeout(this.#leaving);
    if (document.hidden) this.#leaving = setTimeout(() => this.#abort?.abort(), AWAY_MS);
    else if (this.state !== "locked") this.#hurry();
  }

  /** A connection that died without a word is noticed by asking something else. */
  async #look() {
    if (this.state !== "live" || document.hidden) return;
    try {
      await refreshClock();
    } catch {
      this.#abort?.abort();
    }
  }

  #pause(seconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #tell(state, why) {
    const changed = state !== this.state;
    this.state = state;
    this.why = why;
    if (changed) this.dispatchEvent(new Event("change"));
  }
}

function broken() {
  throw new Problem(0, "The connection to the server broke.");
}

function dataOf(event) {
  const line = event.split("\n").find((each) => each.startsWith("data: "));
  return line ? [JSON.parse(line.slice(6))] : [];
}

export const connection = new Connection();
