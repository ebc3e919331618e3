// What is left: rate windows, quotas, and the idempotency keys that are remembered. It counts down by the mock's clock.

import { get, ofTenant } from "./api.js";
import { connection } from "./connection.js";
import { follow, now, refresh as refreshClock } from "./clock.js";
import { h, fill, keep, poll, say } from "./dom.js";
import { bucketName, fullTime, per, rate, seconds, span } from "./format.js";
import { onTraffic } from "./journal.js";
import { tenantPicker } from "./picker.js";
import { world } from "./world.js";

const REFRESH_MS = 1500;
const NO_LIMITS = "No rate limits hold for this tenant.";
const NO_KEY = "No key of this tenant is valid, and rate limits hold for a key.";

export function limitsView(main, signal) {
  let tenant = null;
  let again = () => {};
  const windows = h("ul.cards.meters", { "aria-label": "Rate windows" });
  const quotas = h("ul.cards.meters", { "aria-label": "Quotas" });
  const keys = h("ul.cards", { "aria-label": "Idempotency keys" });
  const [noWindows, noQuotas, noKeys] = [
    NO_LIMITS,
    "No quotas hold for this tenant.",
    "No idempotency key is remembered. A request that carries one leaves it here.",
  ].map((text) => h("p.empty", { hidden: true }, text));
  const picker = tenantPicker((chosen) => {
    tenant = chosen;
    again();
  }, signal);
  fill(main, h("h1", {}, "Limits and keys"), h("div.form", {}, picker),
    h("h2", {}, "Rate windows"), windows, noWindows,
    h("h2", {}, "Quotas"), quotas, noQuotas,
    h("h2", {}, "Idempotency keys"), keys, noKeys);

  async function refresh() {
    if (!tenant) return;
    const asked = tenant;
    const [limits, remembered] = await Promise.all([
      get(ofTenant(tenant, "limits")), get(ofTenant(tenant, "idempotency-keys")), refreshClock(),
    ]);
    if (asked !== tenant) return;
    const name = `${tenant.api}/${tenant.id}`;
    // The moment of reopening stays the same while the seconds until then go by.
    const until = limits.windows.map(({ resets_in_seconds: left, ...each }) => ({
      ...each, resets_at: each.used ? Math.round(now() + left) : null,
    }));
    keep(windows, until, (each) => `${name}/${each.credential}/${each.bucket}/${each.seconds}`, windowCard);
    keep(quotas, limits.quotas, (each) => `${name}/${each.kind}`, quotaCard);
    const lasting = remembered.keys.map(({ age_seconds: _, ...each }) => each);
    keep(keys, lasting, (each) => `${name}/${each.operation}/${each.key}`, keyCard);
    noWindows.hidden = until.length > 0;
    say(noWindows, hasKey(asked) ? NO_LIMITS : NO_KEY);
    noQuotas.hidden = limits.quotas.length > 0;
    noKeys.hidden = lasting.length > 0;
    count();
  }

  function count() {
    for (const each of main.querySelectorAll("[data-until]")) {
      const left = Number(each.dataset.until) - now();
      say(each, left > 0 ? `${each.dataset.before} ${span(left)}` : each.dataset.after);
    }
    for (const each of main.querySelectorAll("[data-since]")) say(each, `${span(now() - Number(each.dataset.since))} old`);
  }

  again = poll(refresh, REFRESH_MS, signal);
  onTraffic(again, signal);
  follow(count, signal);
  connection.addEventListener("change", again, { signal });
}

function windowCard(each) {
  const reopens = each.resets_at === null
    ? h("span.quiet", {}, "untouched")
    : h("span.quiet", { "data-until": each.resets_at, "data-before": "resets in", "data-after": "has reset" });
  return h("li", {}, h("div.meter", {},
    h("span.name", {}, rate(each.bucket, each)),
    h("span.quiet", {}, `key ${secretOf(each)}`),
    left(each, `${bucketName(each.bucket)} ${per(each.seconds)}, key ${secretOf(each)}`), reopens));
}

/** The end of the key, as whoever uses it knows it. */
function secretOf({ credential, name }) {
  const every = world.tenants.flatMap((tenant) => tenant.credentials);
  return every.find((each) => each.id === credential)?.secret ?? name;
}

function hasKey({ api, id }) {
  return world.tenants.some((each) => each.api === api && each.id === id && each.credentials.length > 0);
}

function quotaCard(each) {
  return h("li", {}, h("div.meter", {},
    h("span.name", {}, `${each.limit.toLocaleString("en")} ${each.kind}s`), h("span.quiet", {}, "by the plan"),
    left(each, `${each.kind}s of the plan`), h("span.quiet", {}, `${each.used.toLocaleString("en")} used`)));
}

function left({ limit, remaining }, label) {
  return h("span.left", {},
    h("meter", { min: 0, max: limit, low: limit * 0.25, high: limit * 0.5, optimum: limit, value: remaining, "aria-label": `Left of ${label}` }),
    h("strong", {}, remaining.toLocaleString("en")), " left");
}

function keyCard(each) {
  return h("li", {}, h("div.key", {},
    h("code.name", {}, each.key),
    h("span", {}, each.operation), h("span.badge", { "data-class": String(each.status)[0] }, String(each.status)),
    h("span.quiet", { "data-since": seconds(each.created_at), title: fullTime(each.created_at) }),
    h("span.quiet", {
      "data-until": seconds(each.expires_at), "data-before": "replays for", "data-after": "expired", title: fullTime(each.expires_at),
    })));
}
