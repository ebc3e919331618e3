// Webhooks: who listens, what was sent with which signature, and what came of each attempt.

import { get, ofTenant, post } from "./api.js";
import { follow, now } from "./clock.js";
import { connection } from "./connection.js";
import { copyButton } from "./clipboard.js";
import { h, choose, field, fill, keep, poll, say, select } from "./dom.js";
import { count, fullTime, seconds, short, span, timeOfDay, took } from "./format.js";
import { onTraffic } from "./journal.js";
import { jsonBlock } from "./json.js";
import { attempt, complain, tell } from "./notice.js";
import { tenantPicker } from "./picker.js";
import { world } from "./world.js";

const REFRESH_MS = 1500;
const MOST = 100;
const STATES = [["", "Any state"], ["pending", "pending"], ["delivered", "delivered"], ["failed", "failed"], ["cancelled", "cancelled"]];

export function webhooksView(main, signal) {
  let tenant = null;
  let again = () => {};
  const subscriptions = h("ul.cards", { "aria-label": "Subscriptions" });
  const noSubscriptions = h("p.empty", { hidden: true }, "Nobody listens. The API's own operation registers a webhook.");
  const deliveries = h("ul.cards", { "aria-label": "Deliveries" });
  const noDeliveries = h("p.empty", { hidden: true });
  const tally = h("p.tally");
  const state = select(STATES, "", { "aria-label": "State of deliveries" });
  const emit = emitForm(() => tenant, () => again());
  const picker = tenantPicker((chosen) => {
    tenant = chosen;
    emit.offer(tenant);
    again();
  }, signal);
  fill(main, h("h1", {}, "Webhooks"), h("div.form", {}, picker),
    h("h2", {}, "Subscriptions"), subscriptions, noSubscriptions,
    emit.element,
    h("div.bar", {}, h("h2", {}, "Deliveries"), h("div.actions", {}, tally, state)), deliveries, noDeliveries);

  async function refresh() {
    if (!tenant) return;
    const asked = tenant;
    const [{ records }, sent] = await Promise.all([
      get(ofTenant(tenant, "records"), { kind: "webhook", limit: 1000 }),
      get(ofTenant(tenant, "deliveries"), { state: state.value, limit: MOST }),
    ]);
    if (asked !== tenant) return;
    keep(subscriptions, records, (each) => each.id, subscriptionCard);
    keep(deliveries, sent.deliveries, (each) => each.id, (each) => deliveryCard(each, again));
    noSubscriptions.hidden = records.length > 0;
    noDeliveries.hidden = sent.total > 0;
    say(noDeliveries, state.value ? `No delivery is ${state.value}.` : "Nothing has been sent yet.");
    say(tally, sent.total > MOST ? `The newest ${MOST} of ${count(sent.total, "delivery").replace("ys", "ies")}` : "");
    countDown();
  }

  function countDown() {
    for (const each of main.querySelectorAll("[data-due]")) {
      const left = Number(each.dataset.due) - now();
      say(each, left > 0 ? `next attempt in ${span(left)}` : "due now");
    }
  }

  state.addEventListener("change", () => again());
  again = poll(refresh, REFRESH_MS, signal);
  onTraffic(again, signal);
  follow(countDown, signal);
  connection.addEventListener("change", again, { signal });
}

function subscriptionCard(record) {
  const { url = "", event_types: events = [], is_active: active = true } = record.data;
  return h("li", {}, h("div.subscription", {},
    h("code.name", {}, url),
    h("span.badge", { "data-class": active ? "2" : "4" }, active ? "active" : "switched off"),
    h("span.more", {}, events.map((each) => h("span", {}, each))),
    h("code.id", { title: record.id }, short(record.id))));
}

function deliveryCard(delivery, again) {
  const { attempts } = delivery;
  const resend = h("button", { type: "button", "aria-label": `Redeliver ${delivery.event}` }, "Redeliver");
  resend.addEventListener("click", async () => {
    const path = ofTenant({ api: delivery.api, id: delivery.tenant }, "deliveries", delivery.id, "redeliver");
    if (await attempt(() => post(path))) tell(`${delivery.event} is on its way again.`);
    again();
  });
  const payload = jsonBlock(delivery.payload, `Payload of ${delivery.id}`);
  return h("li", {}, h("details", {}, h("summary", {},
    h("span.badge", { "data-state": delivery.state }, delivery.state), h("span.name", {}, delivery.event),
    h("code.url", {}, delivery.url ?? "the webhook is gone"),
    h("span.quiet", {}, count(attempts.length, "attempt")),
    delivery.next_at && h("span.quiet", { "data-due": seconds(delivery.next_at) }),
    h("span.quiet", { title: fullTime(delivery.created_at) }, timeOfDay(delivery.created_at))),
  h("div.inside", {},
    h("div.bar", {}, h("code.id", {}, delivery.id), h("div.actions", {}, resend)),
    h("h3.minor", {}, "Attempts"),
    attempts.length ? h("ol.attempts", {}, attempts.map(attemptItem)) : h("p.quiet", {}, "None yet"),
    h("div.bar", {}, h("h3.minor", {}, "Payload"), copyButton("Copy", () => payload.textContent, "Copy the payload")), payload)));
}

function attemptItem(each) {
  const lines = Object.entries(each.signature ?? {}).map(([name, value]) => `${name}: ${value}`);
  return h("li", {},
    h("p", {}, h("strong", {}, each.status === null ? each.error ?? "no answer" : `answered ${each.status}`),
      ` at ${fullTime(each.at)}, after ${took(each.milliseconds)}`,
      each.status !== null && each.error ? `: ${each.error}` : ""),
    lines.length > 0 && h("div.signature", {}, h("pre.code", {}, lines.join("\n")),
      copyButton("Copy", () => lines.join("\n"), "Copy the signature")));
}

function emitForm(chosen, again) {
  const event = select([], "");
  const data = h("textarea", { rows: 3, spellcheck: false, value: '{"id": ""}' });
  const hint = h("p.quiet");
  const form = h("form.form", {}, field("Event", event), field("Data", data, "The record, or only its id."),
    h("div.actions", {}, h("button.primary", { type: "submit" }, "Make it happen")));
  form.addEventListener("submit", async (submitted) => {
    submitted.preventDefault();
    let parsed;
    try {
      parsed = JSON.parse(data.value);
    } catch {
      complain('Data must be JSON, such as {"id": "deal_1"}.');
      data.focus();
      return;
    }
    const told = await attempt(() => post(ofTenant(chosen(), "events"), { event: event.value, data: parsed }));
    if (told) tell(`${told.event} has happened; ${count(told.deliveries, "webhook")} will be told.`);
    again();
  });
  const element = h("details.panel", {}, h("summary", {}, "Make an event happen"), hint, form);
  function offer(tenant) {
    const events = world.api(tenant.api)?.events ?? [];
    choose(event, events.map((each) => [each, each]));
    form.hidden = events.length === 0;
    hint.hidden = events.length > 0;
    say(hint, `${world.title(tenant.api)} has no events beside those that its operations fire.`);
  }
  return { element, offer };
}
