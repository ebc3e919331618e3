"""Clock: tell the time, stop it, move it."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from mockserver.contract.schema import FieldError
from mockserver.control.call import ControlCall, Problem, answer, invalid
from mockserver.control.world import World
from mockserver.engine.clock import LATEST, AdjustableClock, iso_ms


async def get_clock(world: World, _call: ControlCall) -> Response:
    return _told(world)


async def freeze_clock(world: World, call: ControlCall) -> Response:
    given = (call.body or {}).get("at")
    at = None if given is None else _moment(given)
    await world.controls.move(lambda clock: clock.freeze(at))
    return _told(world)


async def advance_clock(world: World, call: ControlCall) -> Response:
    try:
        await world.controls.move(lambda clock: clock.advance(call.body["seconds"]))
    except ValueError:
        text = "seconds: would lead beyond the year 9989; POST /_mock/clock/reset returns to the present"
        raise Problem(400, text) from None
    return _told(world)


async def resume_clock(world: World, _call: ControlCall) -> Response:
    await world.controls.move(AdjustableClock.resume)
    return _told(world)


async def reset_clock(world: World, _call: ControlCall) -> Response:
    await world.controls.move(AdjustableClock.reset)
    return _told(world)


def _moment(text: str) -> float:
    try:
        at = datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        raise invalid(FieldError("/at", "is no moment of this calendar")) from None
    if not 0 <= at <= LATEST:
        raise invalid(FieldError("/at", "must be from the year 1970 to the year 9989"))
    return at


def _told(world: World) -> Response:
    now = world.clock.now()
    told = {
        "now": iso_ms(now),
        "epoch_seconds": now,
        "frozen": world.clock.frozen,
        "offset_seconds": round(world.clock.offset, 6),
    }
    return answer(told)
