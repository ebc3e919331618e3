"""Clock: tell the time, stop it, move it."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from mockserver.contract.schema import FieldError
from mockserver.control.call import ControlCall, Problem, answer, invalid
from mockserver.control.world import World
from mockserver.engine.clock import LATEST, iso_ms


async def get_clock(world: World, _call: ControlCall) -> Response:
    return _told(world)


async def freeze_clock(world: World, call: ControlCall) -> Response:
    at = (call.body or {}).get("at")
    world.clock.freeze(None if at is None else _moment(at))
    return _told(world)


async def advance_clock(world: World, call: ControlCall) -> Response:
    seconds = call.body["seconds"]
    if world.clock.now() + seconds > LATEST:
        raise Problem(400, "seconds: would lead beyond the year 9989; POST /_mock/clock/reset returns to the present")
    world.clock.advance(seconds)
    return _told(world)


async def resume_clock(world: World, _call: ControlCall) -> Response:
    world.clock.resume()
    return _told(world)


async def reset_clock(world: World, _call: ControlCall) -> Response:
    world.clock.reset()
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
