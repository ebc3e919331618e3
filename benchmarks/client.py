"""A client of our own, for a given number of requests. It checks every status, which wrk cannot do."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

_HEAD = re.compile(rb"HTTP/1\.1 (\d{3}).*?\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE | re.DOTALL)


class Unexpected(Exception):
    """An answer that is not the right one; the text is its status and beginning."""


@dataclass(slots=True)
class Sent:
    """`milliseconds` of each request, in the order of the answers."""

    milliseconds: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p99(self) -> float:
        return sorted(self.milliseconds)[int(len(self.milliseconds) * 0.99)]


def send(port: int, requests: Iterator[bytes], *, count: int, status: int, connections: int = 16) -> Sent:
    """Send so many requests over connections that stay open. Raises Unexpected at the first other status."""
    return asyncio.run(_send(port, islice(requests, count), status, connections))


async def _send(port: int, requests: Iterator[bytes], status: int, connections: int) -> Sent:
    sent = Sent()

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for request in requests:
                began = time.perf_counter()
                writer.write(request)
                found = await _answer(reader)
                sent.milliseconds.append(1000 * (time.perf_counter() - began))
                if found[0] != status:
                    raise Unexpected(f"answered {found[0]} instead of {status}: {found[1][:200]!r}")
        finally:
            writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return sent


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    found = _HEAD.match(head)
    if found is None:
        raise Unexpected(f"answered without a length: {head[:200]!r}")
    return int(found[1]), await reader.readexactly(int(found[2]))
