"""The behaviours of an operation, from their extensions. The document was linted, so every look-up succeeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mockserver.contract.document import tokens_of
from mockserver.contract.model import (
    Batch,
    Deduplication,
    Event,
    Idempotency,
    Match,
    Quota,
    RateLimit,
    Retry,
    Source,
    Webhooks,
    Window,
)
from mockserver.contract.spec import Spec, View


class Behaviours:
    """Reads extensions of operations; `source` turns a name or an inline source into a Source."""

    def __init__(self, spec: Spec, source: Callable[[Any], Source]) -> None:
        self.spec = spec
        self.source = source

    def rate_limit(self, view: View) -> RateLimit | None:
        """What meters the operation, None if nothing does."""
        node = view.rate_limit
        if node is None:
            return None
        windows = tuple(Window(window["limit"], window["seconds"]) for window in node.get("windows", ()))
        limits = None if node.get("by-plan") else windows
        return RateLimit(node["bucket"], limits, node.get("headers", False), self.source(node["source"]))

    def quota(self, view: View) -> Quota | None:
        """The quota that the operation uses up."""
        node = view.node.get("x-quota")
        return Quota(node["kind"], self.source(node["source"])) if node else None

    def deduplication(self, view: View) -> Deduplication | None:
        """When the operation meets a record that exists."""
        node = view.node.get("x-deduplication")
        if not node:
            return None
        match = tuple(_match(entry) for entry in node["match"])
        source = self.source(node["source"])
        return Deduplication(match, node["within"], node["on-match"], int(node["status"]), source)

    def idempotency(self, view: View) -> Idempotency | None:
        """When the operation replays."""
        node = view.node.get("x-idempotency")
        if not node:
            return None
        unless = node.get("unless")
        return Idempotency(
            header=node["header"],
            scope=tuple(node["scope"]),
            retention_seconds=node["retention-seconds"],
            fingerprint=node["fingerprint"],
            mismatch=int(node["mismatch"]),
            in_flight=int(node["in-flight"]),
            replay_header=node.get("replay-header"),
            unless=(unless["pointer"], unless["equals"]) if unless else None,
            source=self.source(node["source"]),
        )

    def batch(self, view: View) -> Batch | None:
        """How the operation takes many records."""
        node = view.node.get("x-batch")
        if not node:
            return None
        return Batch(
            rows=node["rows"],
            min=node["min"],
            max=node["max"],
            row_operation=node["row-operation"],
            row_schema=self.spec.resolver.resolve({"$ref": node["row-schema"]}),
            on_duplicate=node.get("on-duplicate"),
            dry_run=node.get("dry-run"),
            row_ref=node.get("row-ref"),
            source=self.source(node["source"]),
        )

    def webhooks(self, view: View) -> Webhooks | None:
        """How what the operation registers is delivered."""
        node = view.node.get("x-webhooks")
        if not node:
            return None
        return Webhooks(node["signature"], _retry(node["retry"]), node["timeout-seconds"], self.source(node["source"]))

    def events(self, view: View) -> Iterator[Event]:
        """The events of the operation's callbacks."""
        for _, callback, _, node in view.events():
            event = node["x-event"]
            body = self.spec.resolver.resolve(node.get("requestBody", {}))
            media: dict[str, Any] = next(iter(body.get("content", {}).values()), {})
            yield Event(
                name=event["name"],
                fired_by=tuple(event["fired-by"]),
                not_fired_by=tuple(event.get("not-fired-by", ())),
                callback=callback,
                source=self.source(event["source"]),
                registered_by=view.id,
                schema=media.get("schema"),
            )


def _match(node: dict[str, Any]) -> Match:
    pointers = tuple(node["pointers"])
    reported = node.get("reported-as") or tokens_of(pointers[0])[-1]
    return Match(pointers, node["normalizer"], reported, node.get("against", reported))


def _retry(node: dict[str, Any]) -> Retry:
    if "schedule" in node:
        return Retry(tuple(node["schedule"]))
    formula = Retry((0, node["first-seconds"]), node["factor"], node["max-seconds"])
    return Retry(formula.first(node["attempts"]), node["factor"], node["max-seconds"])
