// Moments and amounts in words.

const pad = (number, length = 2) => String(number).padStart(length, "0");

/** "14:02:11", on this machine's clock face. `at`: an ISO text or epoch seconds. */
export function timeOfDay(at) {
  const date = moment(at);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** "2026-07-02 14:02:11.031", on this machine's clock face. */
export function fullTime(at) {
  const date = moment(at);
  return `${day(at)} ${timeOfDay(at)}.${pad(date.getMilliseconds(), 3)}`;
}

/** "2026-07-02". */
export function day(at) {
  const date = moment(at);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

function moment(at) {
  return new Date(typeof at === "number" ? at * 1000 : at);
}

/** Epoch seconds of an ISO text. */
export const seconds = (iso) => Date.parse(iso) / 1000;

/** "23 h 59 min", "4 min 10 s", "41 s": two units at most. */
export function span(length) {
  let rest = Math.max(0, Math.round(length));
  const parts = [];
  for (const [unit, size] of [["days", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount) parts.push(`${amount} ${unit === "days" && amount === 1 ? "day" : unit}`);
    if (parts.length && (parts.length === 2 || !amount)) break;
  }
  return parts.join(" ") || "0 s";
}

/** "a minute", "an hour", "90 s". */
export function per(length) {
  return { 1: "a second", 60: "a minute", 3600: "an hour", 86400: "a day" }[length] ?? `in ${span(length)}`;
}

/** "60 requests a minute", "10 bulk requests a minute": a rate window of a bucket. */
export function rate(bucket, { limit, seconds: length }) {
  return `${limit.toLocaleString("en")} ${bucketName(bucket)} ${per(length)}`;
}

/** "requests", "bulk requests". */
export const bucketName = (bucket) => (bucket === "default" ? "requests" : `${bucket} requests`);

/** "1 request", "1,204 requests". */
export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** "0.4 ms", "1.2 s". */
export function took(ms) {
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A long id, shortened so that it can still be told from others. */
export const short = (id) => (id.length > 14 ? `${id.slice(0, 8)}…` : id);
