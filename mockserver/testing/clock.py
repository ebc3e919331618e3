"""The mock's clock in a test's hands: keys expire, limits are free again and retries are due without waiting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mockserver.client.span import seconds_of
from mockserver.testing.place import Place

# What a test gets wrong is shown where the test says it; `pytest --full-trace` shows the frames of here too.
__tracebackhide__ = True


class Clock:
    """The time that the mock lives in. It runs with the machine's until it is moved or frozen."""

    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def now(self) -> datetime:
        """The mock's time, in UTC."""
        return datetime.fromtimestamp(self._place.mock.clock.now(), tz=UTC)

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
        """Move forward and return the new time. ValueError for a step back, TypeError for what is no number."""
        try:
            step = seconds_of(seconds, minutes, hours, days)
        except TypeError as error:
            raise TypeError(str(error)) from None

        async def advance() -> None:
            self._place.mock.clock.advance(step)

        try:
            self._place.run(advance())
        except ValueError as error:
            raise ValueError(str(error)) from None
        return self.now

    def freeze(self, at: datetime | str | None = None) -> datetime:
        """Stand still, now or at a moment; return that moment.

        A moment needs a time zone: `datetime(2026, 7, 2, 10, tzinfo=UTC)`, or the text "2026-07-02T10:00:00Z".
        ValueError or TypeError for what is none.
        """
        moment = None if at is None else _moment(at).timestamp()

        async def freeze() -> None:
            self._place.mock.clock.freeze(moment)

        try:
            self._place.run(freeze())
        except ValueError as error:
            raise ValueError(str(error)) from None
        return self.now

    def resume(self) -> datetime:
        """Run on from where it stands."""

        async def resume() -> None:
            self._place.mock.clock.resume()

        self._place.run(resume())
        return self.now


def _moment(at: Any) -> datetime:
    wanted = 'give datetime(2026, 7, 2, 10, tzinfo=UTC), or text such as "2026-07-02T10:00:00Z"'
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        raise ValueError(f"freeze(at={at!r}): that is no moment; {wanted}") from None
    if not isinstance(moment, datetime):
        raise TypeError(f"freeze(at={at!r}): that is no moment; {wanted}")
    if moment.tzinfo is None:
        raise ValueError(f"freeze(at={at!r}): say in which time zone; {wanted}")
    return moment
