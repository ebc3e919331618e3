"""What tests of MEGA's lead webhooks share: registering and finding them, and addresses that are refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..rule import Broken, NotChecked
from ..wire import Answer
from .mega_population import some

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab

HOST = "https://hooks.example.com"
SCOPE = "public_api:webhooks:manage"
MEMBERS = {"id", "url", "event_types", "is_active", "timeout_seconds", "retry_attempts", "description"} | {
    "created_at",
    "updated_at",
}
#: What the page says of numbers.
BOUNDS = {"timeout_seconds": (1, 60), "retry_attempts": (0, 10)}
#: Values of a wrong type or word, by member.
WRONG: Mapping[str, tuple[Any, ...]] = {
    "timeout_seconds": ("10", 1.5, True, None, [10]),
    "retry_attempts": ("5", 0.5, False, None, {}),
    "event_types": ([], ["lead.deleted"], ["lead.created", "lead.updated"], "lead.created", None, [None], [1]),
    "description": (5, ["x"], "x" * 501),
    "url": (None, 5, ["https://hooks.example.com"], ""),
}

# Where no webhook may go. {} is where something fresh is put in.
NOT_HTTPS = ("http://hooks.example.com/{}", "http://hooks.example.com:8080/{}", "ftp://hooks.example.com/{}")
INTERNAL = (
    *("10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.1.20"),
    "169.254.169.254",
)
LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "LOCALHOST", "LocalHost", "127.1", "127.0.0.2", "127.255.255.254")
ODD = (
    *("0.0.0.0", "[::]", "0", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.1"),  # noqa: S104  # nothing is bound; they are to be refused
    *("localhost.", "127.0.0.1.", "foo.localhost", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]"),
    *("[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
    *("100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "0.1.2.3", "intranet", "printer.local"),
    *("db.internal", "10.1", "3232235777", "0xa9fea9fe", "user@hooks.example.com", "user:pw@hooks.example.com"),
    *("hooks.example.com@127.0.0.1", "127.0.0.1:443", "10.0.0.1:8443", "169.254.169.254:80", "192.168.1.1."),
    *("", ":443", "hooks.example.com:0", "hooks.example.com:65536", "hooks.example.com:port", "hooks..example.com"),
    *("hooks.example.com ", " hooks.example.com", "hooks.example.com\n", "hooks.exam\tple.com", "-hooks.example.com"),
    *("hooks.example.com\\@127.0.0.1", "\uff11\uff12\uff17.0.0.1", "lo\u200bcalhost", "hooks_.example.com..", "[::1"),
)
FORMS = (
    *("hooks.example.com/{}", "//hooks.example.com/{}", "/{}", "{}", "https:hooks.example.com/{}", "https:/{}"),
    *("https:///{}", "https://", " https://hooks.example.com/{}", "https ://hooks.example.com/{}"),
    *("javascript:alert('{}')", "file:///etc/{}", "gopher://hooks.example.com/{}", "ws://hooks.example.com/{}"),
    *("wss://hooks.example.com/{}", "httpss://hooks.example.com/{}", "HTTP://hooks.example.com/{}"),
    *("http://127.0.0.1/{}", "http://127.0.0.1:80/{}", "http://localhost/{}", "http://localhost:1023/{}"),
    *("http://127.0.0.2:8080/{}", "http://[::1]:8080/{}", "http://10.0.0.1:8080/{}", "http://0.0.0.0:8080/{}"),
    *("http://169.254.169.254:8080/{}", "http://user@127.0.0.1:8080/{}", "http://127.0.0.1.example.com:8080/{}"),
    *("http://localhost.example.com:8080/{}", "http://192.168.1.1:8080/{}", "https://hooks.example.com/a b{}"),
)


def body(lab: Lab, **members: Any) -> dict[str, Any]:
    """A registration with an address of its own."""
    return {"url": f"{HOST}/{lab.fresh.token()}", "event_types": ["lead.created"], **members}


@contextlib.contextmanager
def registered(lab: Lab, caller: Caller | None = None, **members: Any) -> Iterator[Answer]:
    """The answer to a registration, whose webhook is deleted at the end."""
    who = caller or lab.main
    answer = who("createLeadWebhook", body=body(lab, **members))
    if 400 <= answer.status < 500 and not members and not lab.strict:
        # How many a customer may have is nowhere said.
        raise NotChecked(f"no further webhook is taken: {answer}")
    lab.expect(answer.ok, f"201 for a webhook with {members}", answer)
    try:
        yield answer
    finally:
        who("deleteLeadWebhook", path={"id": answer.at("/webhook/id")})


def everyone(lab: Lab, caller: Caller | None = None) -> list[dict[str, Any]]:
    """The listed webhooks. The page does not say under which name the list comes."""
    answer = (caller or lab.main)("listLeadWebhooks")
    lab.expect(answer.ok, "200 for the list of webhooks", answer)
    found = answer.json
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), None)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise NotChecked("the list of webhooks is not understood")
    return found


def listed(lab: Lab, webhook_id: str, caller: Caller | None = None) -> dict[str, Any] | None:
    """The webhook as the list shows it, or None."""
    found = [one for one in everyone(lab, caller) if one.get("id") == webhook_id]
    lab.expect(len(found) < 2, f"the webhook {webhook_id} once", f"{len(found)} times")
    return found[0] if found else None


def shown(lab: Lab, webhook_id: str) -> dict[str, Any]:
    found = listed(lab, webhook_id)
    if found is None:
        raise Broken(f"the webhook {webhook_id} in the list", "it is not there")
    # Members that the page does not name may change by themselves, such as the time of the last delivery.
    return found if lab.strict else {name: value for name, value in found.items() if name in MEMBERS}


def sweep(lab: Lab) -> None:
    """Delete what was registered at an address that nobody has: deliveries would pile up, and many be too many."""
    left: list[dict[str, Any]] = []
    with contextlib.suppress(NotChecked, Broken):
        left = everyone(lab)
    for one in some(lab, left):
        if str(one.get("url")).startswith(f"{HOST}/"):
            lab.main("deleteLeadWebhook", path={"id": str(one.get("id"))})


def same(lab: Lab, got: Mapping[str, Any], expected: Mapping[str, Any], where: str) -> None:
    for name, value in expected.items():
        same = got.get(name) == value and type(got.get(name)) is type(value)
        lab.expect(same, f"{name} {value!r} {where}", got.get(name, f"no {name}"))


def refused(lab: Lab, answer: Answer, what: str, status: int = 400, word: str = "invalid_request_error") -> None:
    lab.expect(answer.status == status, f"{status} for {what}", answer)
    error = answer.at("/error")
    told = isinstance(error, dict) and (error.get("type"), error.get("code")) == (word, status) and error.get("message")
    lab.expect(told, f"the error {word} with code {status} and a message for {what}", answer)


def within(lab: Lab, webhook: Mapping[str, Any], what: str) -> None:
    """The webhook must have its numbers within their bounds, whatever was given."""
    for name, (least, most) in BOUNDS.items():
        value = webhook.get(name, least)
        lab.expect(least <= value <= most, f"{name} from {least} to {most} for {what}", value)


def is_gone(webhook: Mapping[str, Any] | None) -> bool:
    """Whether it is listed no more, or, since it is deleted softly, as one that is not at work."""
    if webhook is None or webhook.get("is_active") is False:
        return True
    return bool(webhook.get("deleted") or webhook.get("deleted_at"))


def secret_of(lab: Lab, answer: Answer) -> str:
    secret = answer.at("/secret")
    fine = isinstance(secret, str) and secret.startswith("mega_whsec_") and len(secret) > len("mega_whsec_") + 7
    lab.expect(fine, "a secret that begins with mega_whsec_", secret)
    return str(secret)
