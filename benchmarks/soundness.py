"""The full versions of tests/soundness: kills, hostile requests and bytes, a soak, open connections.

    python -m benchmarks.soundness [kill] [hostile] [bytes] [soak] [connections] [--times 50] [--requests 1000000] …

Without a name it does all of them. `--database` is a file, or the address of a database that nobody else uses: for
`kill`, and for `hostile` instead of memory. Each experiment ends at the first broken promise and prints what broke it;
exit status 1 then.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path

from tests.serving import Serving
from tests.soundness.crash import Crashes
from tests.soundness.hostile import Hostile
from tests.soundness.soak import Soak, slope
from tests.soundness.wire import Wire

_STEPS = 20


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    broken = 0
    for name in options.experiments or EXPERIMENTS:
        began = time.monotonic()
        try:
            asyncio.run(EXPERIMENTS[name](options))
        except (AssertionError, ExceptionGroup) as error:
            broken += 1
            _say(f"{name}: BROKEN: {error}")
            for each in getattr(error, "exceptions", ()):
                _say(f"  {each}")
        _say(f"{name}: {time.monotonic() - began:.0f} s")
    return 1 if broken else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soundness", description="Kill, attack and soak the mock in earnest.")
    add = parser.add_argument
    add("experiments", nargs="*", metavar="EXPERIMENT", help=f"some of: {', '.join(EXPERIMENTS)} (default: all)")
    add("--seed", type=int, default=1, help="of everything that is drawn (default: 1)")
    add("--database", help="of kill and hostile: a file or an address (default: a fresh file; memory for hostile)")
    add("--times", type=int, default=50, help="of kill: how often (default: 50)")
    add("--requests", type=int, default=900_000, help="of hostile: how many (default: 900,000)")
    add("--connections", type=int, default=100_000, help="of bytes: how many (default: 100,000)")
    add("--soak", type=int, default=2_000_000, help="of soak: how many requests (default: 2,000,000)")
    add("--open", type=int, default=1_000, help="of connections: how many at once (default: 1,000)")
    options = parser.parse_args(arguments)
    for name in options.experiments:
        if name not in EXPERIMENTS:
            parser.error(f"there is no experiment {name}; there are {', '.join(EXPERIMENTS)}")
    return options


async def _kill(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = options.database or str(Path(folder) / "state.sqlite3")
        _say_figures("kill", await Crashes(database, options.seed).run(options.times))


async def _hostile(options: argparse.Namespace) -> None:
    hostile = Hostile(options.database, seed=options.seed)
    try:
        await hostile.run(options.requests)
    finally:
        _say_figures("hostile", hostile.figures)
        _say(f"hostile: the slowest took {hostile.slowest[0]:.2f} s: {hostile.slowest[1][:200]}")


async def _bytes(options: argparse.Namespace) -> None:
    with Serving("--unlimited", "--log", "off") as server:
        wire = Wire(_port(server), server.process.pid, seed=options.seed)
        for step in range(_STEPS):
            await wire.run(options.connections // _STEPS)
            _say(f"bytes: {step + 1} of {_STEPS}: {wire.resident_megabytes()} MB, {wire.files()} files")
        _say_figures("bytes", wire.figures)
        server.interrupt()
        if "Error" in server.text:
            raise AssertionError(server.text)


async def _soak(options: argparse.Namespace) -> None:
    with Serving("--unlimited", "--log", "off") as server:
        soak = Soak(_port(server), server.process.pid, options.seed)
        points = []
        for step in range(_STEPS):
            await soak.run(options.soak // _STEPS)
            points.append(((step + 1) * options.soak / _STEPS, float(soak.resident_kilobytes())))
            _say(f"soak: {step + 1} of {_STEPS}: {soak.resident_kilobytes()} KB, {soak.files()} files")
        after = points[_STEPS // 4 :]
        _say(f"soak: {slope(after) * 1024:.3f} bytes a request after the first quarter")
        _say_figures("soak", {str(status): number for status, number in soak.figures.items()})


async def _connections(options: argparse.Namespace) -> None:
    with Serving("--unlimited", "--log", "off") as server:
        soak = Soak(_port(server), server.process.pid, options.seed)
        before, files = soak.resident_kilobytes(), soak.files()
        streams = await soak.idle(options.open)
        began = time.perf_counter()
        held = soak.resident_kilobytes() - before
        await soak.run(10_000)
        seconds = time.perf_counter() - began
        _say(f"connections: {options.open} served; {held} KB for them; 10,000 requests beside them in {seconds:.1f} s")
        for _, writer in streams:
            writer.close()
        await asyncio.gather(*(reader.read() for reader, _ in streams))
        await soak.run(100)
        _say(f"connections: {files} files before, {soak.files()} after")


def _port(server: Serving) -> int:
    return int(server.origin.rpartition(":")[2])


def _say_figures(name: str, figures: Mapping[str, int]) -> None:
    _say(f"{name}: " + ", ".join(f"{number:,} {what}" for what, number in sorted(figures.items())))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


EXPERIMENTS: Mapping[str, Callable[[argparse.Namespace], Coroutine[None, None, None]]] = {
    "kill": _kill,
    "hostile": _hostile,
    "bytes": _bytes,
    "soak": _soak,
    "connections": _connections,
}

if __name__ == "__main__":
    sys.exit(main())
