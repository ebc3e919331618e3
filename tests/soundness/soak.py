"""Load held: memory, files and tasks of a server stay where they are while it is asked what adds no state.

Leads that are there already, replays, refusals, reads: after the warm-up, whatever still grows is a leak.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.soundness.crash import credential

CONNECTIONS = 16
_LEAD = b'{"contact_name": "Sam Seller", "contact_phone": "2065550123"}'
_CAPTURE = b'{"name": "Amit Kumar", "phone": "9876543210", "city": "Pune"}'


@dataclass(frozen=True, slots=True)
class Kind:
    """A request that changes nothing any more once it was made, and the statuses that it may get."""

    request: bytes
    statuses: tuple[int, ...]


def kind(api: str, method: str, path: str, *statuses: int, body: bytes = b"", **more: str) -> Kind:
    headers = {"Host": "localhost", **credential(api), **{name.replace("_", "-"): text for name, text in more.items()}}
    if body:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items() if text)]
    return Kind("\r\n".join(lines).encode() + b"\r\n\r\n" + body, statuses)


MEGA, CRM = "/api/agents/crm", "/api/v1"
KINDS = (
    kind("mega", "POST", MEGA + "/leads", 201, body=_LEAD),
    kind("mega", "POST", MEGA + "/leads", 201, 409, body=_LEAD, Idempotency_Key="the-same"),
    kind("mega", "POST", MEGA + "/leads", 201, 409, body=_LEAD.replace(b"Sam", b"Tom"), Idempotency_Key="the-same"),
    kind("mega", "POST", MEGA + "/leads", 400, body=b'{"contact_name": 1}'),
    kind("mega", "POST", MEGA + "/leads", 400, body=b'{"contact_name": '),
    kind("mega", "POST", MEGA + "/leads", 401, body=_LEAD, Authorization="Bearer x"),
    kind("mega", "GET", MEGA + "/leads?search=sam&limit=20", 200),
    kind(
        "mega",
        "POST",
        MEGA + "/leads/bulk",
        200,
        body=b'{"dry_run": true, "leads": [' + _LEAD + b', {"contact_name": "b"}]}',
    ),
    kind("crmleadpro", "GET", CRM + "/leads?search=raj", 200),
    kind("crmleadpro", "GET", CRM + "/leads/lead_00000000", 404),
    kind("crmleadpro", "POST", CRM + "/leads", 422, body=b'{"name": ""}'),
    kind("crmleadpro", "PATCH", CRM + "/leads", 405, body=b"{}"),
    kind("salesiq", "GET", "/api/leads/capture", 200),
    kind("salesiq", "GET", "/api/leads/nothing", 404),
    kind("convertiq", "POST", "/api/external/leads/create", 400, body=b'{"lead": {}}'),
)


class Soak:
    """Asks one server the same things again and again. `process`: its id."""

    def __init__(self, port: int, process: int, seed: int = 0) -> None:
        self.port, self.process = port, process
        self.figures: Counter[int] = Counter()
        self._random = Random(seed)  # noqa: S311  # no secret

    async def run(self, number: int, connections: int = CONNECTIONS) -> None:
        """That many requests on that many connections. AssertionError names one with another status than it should."""
        shares = [number // connections + (place < number % connections) for place in range(connections)]
        async with asyncio.TaskGroup() as group:
            for share in shares:
                group.create_task(self._client(share))

    async def _client(self, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for _ in range(number):
                chosen = self._random.choice(KINDS)
                writer.write(chosen.request)
                status = await read_answer(reader)
                assert status in chosen.statuses, f"{status}: {chosen.request!r}"
                self.figures[status] += 1
        finally:
            writer.close()

    async def idle(self, number: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """That many connections at once, each of which has been served."""
        streams = [await asyncio.open_connection("127.0.0.1", self.port) for _ in range(number)]
        for _, writer in streams:
            writer.write(KINDS[-3].request)
        statuses = Counter([await read_answer(reader) for reader, _ in streams])
        assert statuses == {200: number}, statuses
        return streams

    def files(self) -> int:
        """File descriptors that the server holds open."""
        return sum(1 for _ in Path(f"/proc/{self.process}/fd").iterdir())

    def resident_kilobytes(self) -> int:
        pages = Path(f"/proc/{self.process}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * resource.getpagesize() // 1024


async def read_answer(reader: asyncio.StreamReader) -> int:
    """Read one answer whole; its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")), 0)
    await reader.readexactly(length)
    return int(head[9:12])


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the straight line through these points, by least squares."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
