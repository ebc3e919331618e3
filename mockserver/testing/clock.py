"""The mock's clock in a test's hands: keys expire, limits are free again and retries are due without waiting."""

from __future__ import annotations

from datetime import UTC, datetime

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
        """Move forward and return the new time. ValueError for a step back."""
        step = seconds + 60 * minutes + 3600 * hours + 86_400 * days

        async def advance() -> None:
            self._place.mock.clock.advance(step)

        try:
            self._place.run(advance())
        except ValueError as error:
            raise ValueError(str(error)) from None
        return self.now

    def freeze(self, at: datetime | None = None) -> datetime:
        """Stand still, now or at a moment; return that moment. A moment needs a time zone."""
        if at is not None and at.tzinfo is None:
            raise ValueError(f"freeze(at={at!r}): say in which time zone, such as datetime(…, tzinfo=UTC)")

        async def freeze() -> None:
            self._place.mock.clock.freeze(None if at is None else at.timestamp())

        self._place.run(freeze())
        return self.now

    def resume(self) -> datetime:
        """Run on from where it stands."""

        async def resume() -> None:
            self._place.mock.clock.resume()

        self._place.run(resume())
        return self.now
