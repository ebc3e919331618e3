"""CRMLead Pro's webhooks as records: how one is registered. What is delivered is tried elsewhere."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, NotChecked, assumed, named, only
from ..worlds.workspace import ID, MOMENT, Workspace

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

REGISTER = only("crmleadpro/createWebhook")
_EVENTS = ("lead.created", "lead.status_changed", "deal.won", "deal.lost", "campaign.sent", "contact.updated")
#: Nothing in the API fires these, so that nothing is sent to the addresses that are registered here.
_SILENT = ["deal.lost", "deal.won"]
_SECRET = re.compile(r"whsec_([A-Za-z0-9+/]+={0,2})")
_NO_OBJECTS: tuple[Any, ...] = ({}, [], "x", None)
_GOOD_URLS = (
    "https://hooks.example.com",
    "https://hooks.example.com/",
    "https://a-b.sub.example.museum:8443/crm/Lead_1~x?token=a%20b&c=+1",
    "https://hooks.example.com:65535/x",
    f"https://hooks.example.com/{'p' * 2022}",
)
_BAD_URLS = (
    "",
    "hooks",
    "hooks.example.com/x",
    "//hooks.example.com/x",
    "http://hooks.example.com/x",
    "ftp://hooks.example.com/x",
    "javascript:alert(1)",
    "https://",
    "https://localhost/x",
    "https://localhost:9000/x",
    "https://hooks.localhost/x",
    "https://crm.internal/x",
    "https://printer.local/x",
    "https://single/x",
    "https://127.0.0.1/x",
    "https://10.0.0.1/x",
    "https://192.168.1.1/x",
    "https://169.254.169.254/latest/meta-data",
    "https://8.8.8.8/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://[::1]/x",
    "https://[2001:db8::1]/x",
    "https://user@hooks.example.com/x",
    "https://user:word@hooks.example.com/x",
    "https://hooks.example.com/x#part",
    "https://hooks.example.com:0/x",
    "https://hooks.example.com:65536/x",
    "https://hooks.example.com/a b",
    "https://hooks.example.com/x\n",
    " https://hooks.example.com/x",
    "https://-a.example.com/x",
    "http://127.0.0.1/x",
    "http://127.0.0.1:80/x",
    "http://127.0.0.1:1023/x",
    "http://localhost/x",
    "http://10.0.0.1:9000/x",
    "http://127.0.0.2:9000/x",
    "http://169.254.169.254:8080/x",
    "http://hooks.example.com:9000/x",
    f"https://hooks.example.com/{'p' * 2030}",
)


def register(here: Workspace, **members: Any) -> dict[str, Any]:
    """A new webhook, compared as a whole with what was sent."""
    sent = {"url": "https://hooks.example.com/crm", "events": _SILENT, **members}
    hook = here.body(here.ask("createWebhook", body=sent), 201, f"the webhook {sent['url'][:80]}")
    here.check_members(hook, ("id", "url", "events", "is_active", "secret", "created_at"), "the webhook")
    wanted = {**hook, "url": sent["url"], "events": sent["events"], "is_active": True}
    here.agree({**wanted, "secret": sent.get("secret", hook["secret"])}, hook, "in the answer to a new webhook")
    named_so = ID.fullmatch(str(hook["id"])) and str(hook["id"]).startswith("webhook_")
    here.lab.expect(named_so, "an id of webhook_ and 16 symbols of Crockford's base32", hook["id"])
    here.lab.expect(MOMENT.fullmatch(str(hook["created_at"])), "created_at as in 2026-05-15T10:30:00Z", hook)
    form = _SECRET.fullmatch(str(hook["secret"]))
    length = len(base64.b64decode(form[1])) if form else 0
    here.lab.expect(24 <= length <= 64, "a secret of whsec_ and 24 to 64 bytes in base64", f"one of {length} bytes")
    return hook


@kind.promise(
    "webhook",
    "Registering a webhook answers 201 with the webhook as it was sent and its secret, a given one or a new one.",
    on=REGISTER,
    source=named("P38"),
)
def webhook(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    given = [
        f"whsec_{base64.b64encode(bytes(range(200, 200 + length))).decode()}" for length in (24, 25, 26, 32, 48, 55)
    ]
    given += [f"whsec_{base64.b64encode(bytes(range(100, 100 + length))).decode()}" for length in (62, 63, 64)]
    hooks = [
        register(here),
        register(here),
        register(here, id="webhook_0", is_active=False, description="x", retries=[1]),
    ]
    made_up = [hook["secret"] for hook in hooks]
    hooks += [register(here, secret=secret) for secret in given]
    hooks += [register(here, url=url) for url in _GOOD_URLS]
    hooks += [register(here, events=events) for events in (["deal.won"], ["deal.lost"], ["deal.won", "deal.lost"])]
    ids = [hook["id"] for hook in hooks]
    lab.expect(len(set(ids)) == len(ids), "webhooks with ids of their own", ids)
    lab.expect(len(set(made_up)) == len(made_up), "made-up secrets that are unlike each other", f"{made_up}")


@kind.promise(
    "webhook-events",
    "A webhook may be registered for each of the six events, and for all.",
    on=REGISTER,
    source=assumed("P38", "The events are the six of the document."),
)
def webhook_events(lab: Lab, _operation: Operation) -> None:
    try:
        # So that the main workspace does not go on sending to these addresses.
        here = Workspace(lab, lab.other_tenant())
    except NotChecked:
        here = Workspace(lab)
    for event in _EVENTS:
        register(here, events=[event], url="https://hooks.example.com/one")
    register(here, events=list(_EVENTS)[::-1], url="https://hooks.example.com/all")


@kind.promise(
    "webhook-url",
    "A webhook's URL is public HTTPS with a host name: no local or internal one, no IP address, no user, no fragment.",
    on=REGISTER,
    source=named("M64"),
)
def webhook_url(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for url in (*_BAD_URLS, None, 5, ["https://hooks.example.com/x"]):
        answer = lab.main("createWebhook", body={"url": url, "events": _SILENT})
        here.refused(answer, 422, f"the URL {str(url)[:80]!r}", "/url")


@kind.promise(
    "webhook-refused",
    "A webhook without a URL or events, with unknown or repeated events or with a weak secret answers 422.",
    on=REGISTER,
    source=named("P39"),
)
def webhook_refused(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    sound = {"url": "https://hooks.example.com/crm", "events": _SILENT}
    short, long = (f"whsec_{base64.b64encode(bytes(length)).decode()}" for length in (23, 65))
    full = base64.b64encode(bytes(range(200, 232))).decode()
    bad: dict[str, tuple[Any, ...]] = {
        "events": (None, [], "deal.won", {}, ["deal.won", "deal.won"], ["Deal.Won"], ["deal.*"], ["*"], [5], [None]),
        "secret": (
            None,
            "",
            "secret",
            "whsec_",
            "whsec_x",
            short,
            long,
            full,
            f"WHSEC_{full}",
            f"whsec_{full[:-1]}",
            5,
        ),
    }
    bad["events"] += (["deal.won", "lead.deleted"], ["lead_created"], [["deal.won"]])
    for name, values in bad.items():
        for value in values:
            answer = lab.main("createWebhook", body={**sound, name: value})
            here.refused(answer, 422, f"a webhook with {name} {str(value)[:60]!r}", f"/{name}")
    here.refused(lab.main("createWebhook", body={"url": sound["url"]}), 422, "a webhook without events", "/events")
    here.refused(lab.main("createWebhook", body={"events": _SILENT}), 422, "a webhook without a url", "/url")
    answer = lab.main("createWebhook", body={**sound, "url": "http://x", "events": ["deal.won", "no"], "secret": "x"})
    here.refused(answer, 422, "a webhook with three mistakes", "/url", "/events/1", "/secret")
    for body in _NO_OBJECTS:
        here.refused(lab.main("createWebhook", body=body), 422, f"the body {body}")
    here.refused(lab.main("createWebhook", content=b"{"), 400, "a body that is cut off")


@kind.promise(
    "webhook-secret-once",
    "The secret of a webhook is shown when it is registered, and never again.",
    on=REGISTER,
    source=named("P38"),
)
def webhook_secret_once(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    hook = register(here)
    own_path = f"{lab.contract.base_path}/webhooks/{hook['id']}"
    for answer in (lab.main("createWebhook", method="GET"), lab.main("createWebhook", method="GET", url=own_path)):
        secret = hook["secret"].removeprefix("whsec_").encode()
        lab.expect(secret not in answer.body, "an answer without the secret of the webhook", answer)
    second = register(here, url=hook["url"])
    lab.expect(
        second["secret"] != hook["secret"], "a secret of its own for a second webhook at the same URL", "the same"
    )
