"""Webhook deliveries as a test reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import httpx

from mockserver.store import base
from mockserver.testing.couriers import Post


class Delivery:
    """A webhook that was, or is to be, delivered.

    `event`, `url`; `content` (the signed bytes); `state`: pending, delivered, failed or cancelled; `attempts` in
    order, each with its headers and its answer; `headers` are those of the last one, signature included.
    """

    def __init__(self, delivery: base.Delivery, url: str, posts: Iterable[Post]) -> None:
        self.event = delivery.event
        self.url = url
        self.content = delivery.payload
        self.state = delivery.state
        # Every signature scheme sends the delivery's id along.
        self.attempts: Sequence[Post] = tuple(post for post in posts if delivery.id in post.headers.values())

    @property
    def json(self) -> Any:
        """What the event tells."""
        return json.loads(self.content)

    @property
    def headers(self) -> httpx.Headers:
        """Of the last attempt; none before the first."""
        return httpx.Headers(dict(self.attempts[-1].headers) if self.attempts else None)

    @property
    def status(self) -> int | None:
        """What the receiver answered last; None where it did not."""
        return self.attempts[-1].answer.status if self.attempts else None

    def __repr__(self) -> str:
        answers = ", ".join(str(post.answer.status or post.answer.error) for post in self.attempts)
        return f"{self.event} to {self.url}: {self.state}" + (f" ({answers})" if answers else "")
