"""Hostile bytes on real connections: lies, bombs, halves. Each connection is answered without a 5xx, and ends."""

from __future__ import annotations

import asyncio
import re
import resource
import socket
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

_PATIENCE_SECONDS = 60  # twice what the server gives a client
_AT_ONCE = 16
_SIZE = 65536

BODY = b'{"name": "Amit Kumar", "phone": "9876543210"}'
KEY = b"x-api-key: sqk_live_your_api_key\r\n"
JSON = b"Content-Type: application/json\r\n"
PATH = b"/api/leads/capture"
STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")


def head(method: bytes = b"POST", target: bytes = PATH, version: bytes = b"HTTP/1.1", *lines: bytes) -> bytes:
    """A request up to the end of its headers."""
    return b"%b %b %b\r\nHost: localhost\r\n" % (method, target, version) + KEY + JSON + b"".join(lines) + b"\r\n"


def sized(body: bytes, length: bytes | None = None) -> bytes:
    return head(POST, PATH, V11, b"Content-Length: %b\r\n" % (b"%d" % len(body) if length is None else length)) + body


def chunked(*chunks: bytes) -> bytes:
    return head(POST, PATH, V11, b"Transfer-Encoding: chunked\r\n") + b"".join(chunks)


POST, V11 = b"POST", b"HTTP/1.1"
TARGETS = (
    *(
        b"/",
        b"*",
        b"//",
        b"/%",
        b"/%zz",
        b"/%00",
        b"/\xff",
        b"?",
        b"http://localhost/api/leads/capture",
        b"http://[::1/",
        b"x:y",
    ),
    *(
        b"http://",
        b"/" + b"a" * 70_000,
        b"/api/leads/capture?" + b"&=" * 30_000,
        b"/api/../api",
        b"/\r\nX: y",
        b"\t",
        b"",
        b"/ /",
    ),
    *(
        b"/_mock/static/../../etc/passwd",
        b"/_mock/static/%2e%2e%2f",
        b"https://example.com:443/x",
        b"/api/leads/capture#x",
    ),
)
VERSIONS = (
    b"HTTP/1.0",
    b"HTTP/0.9",
    b"HTTP/2.0",
    b"HTTP/1.2",
    b"HTTP/1",
    b"HTTP/11.1",
    b"http/1.1",
    b"",
    b"RTSP/1.0",
    b"HTTP/1.1 x",
)
METHODS = (
    b"GET",
    b"HEAD",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"PRI",
    b"FOO",
    b"post",
    b"",
    b"P\x00ST",
    b"A" * 5000,
    b"M-SEARCH",
)
LENGTHS = (
    b"-1",
    b"+5",
    b"0",
    b"1",
    b"5, 5",
    b"5 5",
    b"0x5",
    b"5\x00",
    b"18446744073709551616",
    b"9" * 400,
    b"",
    b" 5",
    b"1e3",
    b"44\r\nContent-Length: 45",
)
LINES = (
    *(
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
    ),
    *(
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n",
        b"X: a\r\n b\r\n",
        b": x\r\n",
        b"x\r\n",
    ),
    *(
        b"X: a\x00b\r\n",
        b"X: a\rb\r\n",
        b"X: a\nY: b\r\n",
        b"X\xff: \xff\r\n",
        b"Expect: 100-continue\r\n",
        b"Expect: x\r\n",
        b"Host: a\r\nHost: b\r\n",
    ),
    *(
        b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n",
        b"Connection: close\r\n",
    ),
    *(
        b"Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n",
        b"Connection: keep-alive\r\n",
        b"Trailer: x\r\n",
    ),
    *(
        b"x: y\r\n" * 300,
        b"x: " + b"y" * 100_000 + b"\r\n",
        b"x" * 70_000 + b": y\r\n",
        b"Range: bytes=0-\r\n",
        b"Connection: " + b"a," * 2000 + b"\r\n",
    ),
)
CHUNKS = (
    *(
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        b"-1\r\n",
        b"zz\r\n",
        b"ffffffffffffffffff\r\n",
        b"5;x=y\r\nabcde\r\n0\r\n\r\n",
    ),
    *(
        b"5\r\nabcdefgh\r\n0\r\n\r\n",
        b"0\r\nX: y\r\n\r\n",
        b"0\r\n" + b"X: y\r\n" * 400 + b"\r\n",
        b"5\nabcde\n0\n\n",
        b"0x5\r\nabcde\r\n",
    ),
    *(
        b"1\r\n{\r\n" * 2000,
        b"5;" + b"a" * 70_000,
        b"00000000000000000000005\r\nabcde\r\n0\r\n\r\n",
        b"\r\n",
        b"5 \r\nabcde\r\n0\r\n\r\n",
    ),
)
GARBAGE = (
    *(
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00" * 100,
        b"\r\n" * 500,
        b"\xff\xfe" * 50,
        b"GET\r\n\r\n",
    ),
    *(
        b"SSH-2.0-x\r\n",
        b"\x80\x01",
        b"GET / HTTP/1.1",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost",
        b"\n\n\nGET / HTTP/1.1\n\n",
        b"*1\r\n$4\r\nPING\r\n",
    ),
)


def draw(random: Random) -> bytes:
    """What one client sends: one to a few requests, most of them broken somewhere."""
    pieces = [random.choice(KINDS)(random) for _ in range(random.choice((1, 1, 1, 2, 3, 120)))]
    raw = b"".join(pieces)[:400_000]
    how = random.random()
    if how < 0.15:
        raw = raw[: random.randrange(len(raw) + 1)]
    elif how < 0.3 and raw:
        changed = bytearray(raw)
        for _ in range(random.randint(1, 5)):
            changed[random.randrange(min(len(raw), 600))] = random.randrange(256)
        raw = bytes(changed)
    elif how < 0.35:
        place = random.randrange(len(raw) + 1)
        raw = raw[:place] + random.choice((b"\r", b"\n", b"\r\n", b"\x00", b"\xff", b" ", b":")) + raw[place:]
    return raw


KINDS: tuple[Callable[[Random], bytes], ...] = (
    lambda _: sized(BODY),
    lambda _: head(b"GET"),
    lambda random: head(random.choice(METHODS), random.choice((PATH, b"/"))),
    lambda random: head(b"GET", random.choice(TARGETS)),
    lambda random: head(b"GET", PATH, random.choice(VERSIONS)),
    lambda random: sized(BODY, random.choice(LENGTHS)),
    lambda random: head(POST, PATH, V11, random.choice(LINES), b"Content-Length: %d\r\n" % len(BODY)) + BODY,
    lambda random: head(POST, PATH, V11, random.choice(LINES)) + BODY,
    lambda random: chunked(random.choice(CHUNKS), random.choice(CHUNKS)),
    lambda random: random.choice(GARBAGE),
    lambda random: random.randbytes(random.randrange(300)),
)


class Wire:
    """Sends hostile bytes to a server and watches what becomes of it. `process`: its id;
    `left_open`: how many in a hundred wait
    until the server ends their connection.
    """

    def __init__(self, port: int, process: int, *, seed: int = 0, left_open: float = 0.5) -> None:
        self.port, self.process = port, process
        self._weights = (75, 5, 10, 9.5, left_open)
        self.figures: Counter[str] = Counter()
        self._random = Random(seed)  # noqa: S311  # no secret

    async def run(self, number: int) -> None:
        """That many connections, some at a time. AssertionError tells what was sent where a promise is broken."""
        slots = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for _ in range(number):
                await slots.acquire()
                raw, how = draw(self._random), self._random.choices(HOW, self._weights)[0]
                group.create_task(self._guarded(raw, how)).add_done_callback(lambda _: slots.release())

    async def _guarded(self, raw: bytes, how: str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                answer = await self.send(raw, how)
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}; {how}: {raw[:2000]!r} of {len(raw)}") from error
        statuses = STATUS.findall(answer) if answer.startswith(b"HTTP/") else []
        assert not answer or statuses, f"no HTTP: {answer[:200]!r}; {raw[:2000]!r}"
        for status in statuses:
            assert status[:1] in b"124", f"{status!r}; {how}: {raw[:2000]!r} of {len(raw)}"
            self.figures[status.decode()] += 1
        self.figures[how] += 1

    async def send(self, raw: bytes, how: str) -> bytes:
        """Send and give what came back until the connection ended; "" where nobody read it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        answer = b""
        try:
            if how == "in pieces":
                for start in range(min(len(raw), 600)):
                    writer.write(raw[start : start + 1])
                    await writer.drain()
                writer.write(raw[600:])
            else:
                writer.write(raw)
            if how in {"reset", "closed at once"}:
                if how == "reset":
                    told = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, told)
                return b""
            if how != "left open":
                writer.write_eof()
            while part := await reader.read(_SIZE):
                answer += part
        except OSError:  # The server had enough and closed first.
            pass
        finally:
            writer.close()
        return answer

    def files(self) -> int:
        """File descriptors that the server holds open."""
        return sum(1 for _ in Path(f"/proc/{self.process}/fd").iterdir())

    def resident_megabytes(self) -> int:
        pages = Path(f"/proc/{self.process}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * resource.getpagesize() // 1_000_000


# How a client leaves; "left open" waits until the server ends it.
HOW = ("half-closed", "in pieces", "closed at once", "reset", "left open")
