"""How long a key is remembered: one is used early in a run, and used again late."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..rule import Kind, named, where
from .keyed import Body, Keyed

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("idempotency")
#: Uses the keys, long before they are used again.
first = Kind("idempotency")

_KEYED = where(lambda operation: operation.idempotency)
#: What is forgotten by the clock may be forgotten after so many seconds; a run mostly takes longer anyway.
_AGE = 10.5


@first.promise(
    "first",
    "{method} {path}: a key that is used for the first time is answered as if there was none, and not as a replay.",
    on=_KEYED,
    source=named("M23"),
)
def used_first(lab: Lab, operation: Operation) -> None:
    _, _, answer, _ = _early(lab, operation)
    lab.expect("idempotent-replayed" not in answer.headers, "no Idempotent-Replayed", dict(answer.headers))


@kind.promise(
    "lasting",
    "{method} {path}: a key is still remembered after a while.",
    on=_KEYED,
    source=named("M20"),
)
def lasting(lab: Lab, operation: Operation) -> None:
    body, key, answer, began = _early(lab, operation)
    time.sleep(max(0.0, _AGE - (time.monotonic() - began)))
    seconds = time.monotonic() - began
    Keyed(lab, operation).replays(answer, body, key, f"a key of {seconds:.0f} seconds ago")


def _early(lab: Lab, operation: Operation) -> tuple[Body, str, Answer, float]:
    """The body, the key and the answer of a request, and when it was sent."""

    def send() -> tuple[Body, str, Answer, float]:
        at = Keyed(lab, operation)
        body, key = at.body({"contact_name": lab.fresh.name()}), at.key()
        return body, key, at.done(body, key), time.monotonic()

    return lab.once(("early key", operation.id), send)
