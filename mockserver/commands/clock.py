"""`leadmock clock`: the mock's time."""

from __future__ import annotations

import argparse

from mockserver.commands.control import Actions


def add_clock(parser: argparse.ArgumentParser) -> None:
    actions = Actions(parser)
    actions.add("show", "tell the time", lambda client, _: client.clock())
    actions.add("freeze", "stop the clock", lambda client, options: client.freeze(options.at), _freeze_options)
    actions.add(
        "advance", "move the clock forward", lambda client, options: client.advance(options.by), _advance_options
    )
    actions.add("resume", "let the clock run on from where it stands", lambda client, _: client.resume())
    actions.add("reset", "return to the machine's time", lambda client, _: client.reset_clock())


def _freeze_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("at", nargs="?", help="a moment such as 2027-01-01T00:00:00Z (default: now)")


def _advance_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("by", type=_duration, metavar="DURATION", help="such as 90, 90s, 5m, 25h or 2d")


def _duration(text: str) -> float:
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86_400}.get(text[-1:])
    number = text if unit is None else text[:-1]
    if not number.replace(".", "", 1).isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write it like 90, 90s, 5m, 25h or 2d")
    return float(number) * (unit or 1)
