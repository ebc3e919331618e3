"""Time is told in UTC, and in tests it moves only by hand."""

from __future__ import annotations

import time

import pytest

from mockserver.engine.clock import LATEST, AdjustableClock, ManualClock, iso_ms, iso_ms_after, iso_seconds


@pytest.mark.parametrize(
    ("now", "ms", "seconds"),
    [
        (0.0, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z"),
        (1782986400.123, "2026-07-02T10:00:00.123Z", "2026-07-02T10:00:00Z"),
        (1782986400.9999, "2026-07-02T10:00:00.999Z", "2026-07-02T10:00:00Z"),
        (1782986400.29, "2026-07-02T10:00:00.290Z", "2026-07-02T10:00:00Z"),
        (1709164799.5, "2024-02-28T23:59:59.500Z", "2024-02-28T23:59:59Z"),
    ],
)
def test_timestamps_are_utc_and_cut_off_below_their_unit(now: float, ms: str, seconds: str) -> None:
    assert iso_ms(now) == ms
    assert iso_seconds(now) == seconds


def test_every_millisecond_is_written_as_it_was_meant() -> None:
    """A double holds .001 to .999 of today's seconds only nearly; none may slip to its neighbour."""
    written = [iso_ms(1782986400 + ms / 1000)[-4:-1] for ms in range(1000)]
    assert written == [f"{ms:03d}" for ms in range(1000)]


@pytest.mark.parametrize(
    ("now", "previous", "told"),
    [
        (1782986400.5, "2026-07-02T10:00:00.499Z", "2026-07-02T10:00:00.500Z"),
        (1782986400.5, "2026-07-02T10:00:00.500Z", "2026-07-02T10:00:00.501Z"),
        (1782986400.5, "2026-07-02T10:00:00.999Z", "2026-07-02T10:00:01.000Z"),
    ],
)
def test_a_later_timestamp_is_later_even_within_a_millisecond(now: float, previous: str, told: str) -> None:
    assert iso_ms_after(now, previous) == told


def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(100.0)
    assert (clock.now(), clock.now()) == (100.0, 100.0)
    assert clock.advance(2.5) == clock.now() == 102.5


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_a_manual_clock_refuses_steps_that_make_no_time(seconds: float) -> None:
    clock = ManualClock(100.0)
    with pytest.raises(ValueError, match="seconds"):
        clock.advance(seconds)
    assert clock.now() == 100.0


def test_an_adjustable_clock_that_nobody_moved_tells_the_machines_time() -> None:
    before = time.time()
    assert before <= AdjustableClock().now() <= time.time()


def test_an_adjustable_clock_runs_with_its_base_until_it_is_moved() -> None:
    base = ManualClock(1000)
    clock = AdjustableClock(base)
    base.advance(5)
    assert clock.now() == 1005
    assert clock.advance(3600) == 4605
    base.advance(5)
    assert (clock.now(), clock.offset, clock.frozen) == (4610, 3600, False)


def test_a_frozen_clock_stands_still_moves_by_hand_and_runs_on_from_there() -> None:
    base = ManualClock(1000)
    clock = AdjustableClock(base)
    assert clock.freeze() == 1000
    base.advance(60)
    assert (clock.now(), clock.frozen, clock.offset) == (1000, True, -60)
    clock.advance(10)
    assert clock.now() == 1010
    clock.resume()
    base.advance(1)
    assert (clock.now(), clock.frozen) == (1011, False)
    assert clock.reset() == base.now()


def test_a_clock_can_be_frozen_at_a_moment_of_the_past_but_not_advanced_backwards() -> None:
    clock = AdjustableClock(ManualClock(1000))
    assert clock.freeze(500) == 500
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="finite"):
        clock.freeze(float("nan"))


def test_a_clock_tells_its_listeners_of_every_move_until_they_leave() -> None:
    clock, heard = AdjustableClock(ManualClock(1000)), []
    leave = clock.subscribe(lambda: heard.append(clock.now()))
    clock.advance(1)
    clock.freeze(5)
    clock.resume()
    leave()
    clock.reset()
    assert heard == [1001, 5, 5]


def test_a_moment_that_nothing_could_follow_is_refused() -> None:
    clock = AdjustableClock(ManualClock())
    clock.freeze(LATEST - 10)
    with pytest.raises(ValueError, match="year 9989"):
        clock.freeze(LATEST + 1)
    with pytest.raises(ValueError, match="year 9989"):
        clock.advance(11)
    assert clock.advance(10) == LATEST
