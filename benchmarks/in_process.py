"""What a request costs a test that runs in the same process, without a socket.

    python -m benchmarks.in_process [--requests 2000] [--rounds 5]

Prints one JSON object: microseconds a create, by the way it is sent. A way is opened by a context manager that gives a
function that sends so many creates; a new one needs only its line in WAYS.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import httpx
import respx

from benchmarks.work import CUSTOMER, TOKEN
from mockserver.app import Mock
from mockserver.settings import Settings
from mockserver.testing.leadmock import in_process

ORIGIN = "https://app.gomega.ai"
_PATH = "/api/agents/crm/leads"
_HEADERS = {"Authorization": f"Bearer {TOKEN}", "x-customer-id": CUSTOMER}

#: Sends creates with the numbers from the first, so many.
Send = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to send creates, and the one that it is compared with, by its name in WAYS."""

    open: Callable[[], AbstractContextManager[Send]]
    compared_with: str


def request(number: int) -> dict[str, object]:
    """What a client's `post` is given for one create."""
    lead = {
        "contact_name": "Sam Seller",
        "contact_phone": f"+1{number:010d}",
        "contact_email": f"sam{number:010d}@example.com",
        "source_platform": "referral",
        "source_type": "form",
        "stage_slug": "new",
        "custom_fields": {"budget": "500000"},
    }
    return {"url": _PATH, "json": lead, "headers": {"Idempotency-Key": f"key-{number:010d}"}}


def sync_sender(client: httpx.Client) -> Send:
    def send(first: int, count: int) -> None:
        for number in range(first, first + count):
            _check(client.post(**request(number)))  # type: ignore[arg-type]  # the keywords of post

    return send


def async_sender(client: httpx.AsyncClient, loop: asyncio.AbstractEventLoop) -> Send:
    async def send_all(first: int, count: int) -> None:
        for number in range(first, first + count):
            _check(await client.post(**request(number)))  # type: ignore[arg-type]  # the keywords of post

    return lambda first, count: loop.run_until_complete(send_all(first, count))


def _check(answer: httpx.Response) -> None:
    if answer.status_code != httpx.codes.CREATED:
        raise RuntimeError(f"a create was answered {answer.status_code}: {answer.text[:200]}")


@contextmanager
def _static_sync() -> Iterator[Send]:
    with respx.mock(base_url=ORIGIN) as router, httpx.Client(base_url=ORIGIN, headers=_HEADERS) as client:
        router.post(_PATH).respond(201, json={"lead": {"id": "1"}})
        yield sync_sender(client)


@contextmanager
def _static_async() -> Iterator[Send]:
    with respx.mock(base_url=ORIGIN) as router, asyncio.Runner() as runner:
        router.post(_PATH).respond(201, json={"lead": {"id": "1"}})
        client = httpx.AsyncClient(base_url=ORIGIN, headers=_HEADERS)
        yield async_sender(client, runner.get_loop())
        runner.run(client.aclose())


@contextmanager
def _asgi_transport() -> Iterator[Send]:
    mock = Mock(Settings(apis=("mega",), unlimited=True))
    with asyncio.Runner() as runner:
        client = httpx.AsyncClient(base_url=ORIGIN, headers=_HEADERS, transport=httpx.ASGITransport(mock))
        yield async_sender(client, runner.get_loop())
        runner.run(client.aclose())
        runner.run(mock.store.close())


@contextmanager
def _plugin_sync() -> Iterator[Send]:
    with in_process() as leadmock:
        leadmock.mega.lift_limits()
        with httpx.Client(base_url=ORIGIN, headers=leadmock.mega.headers) as client:
            yield sync_sender(client)


@contextmanager
def _plugin_async() -> Iterator[Send]:
    with in_process() as leadmock, asyncio.Runner() as runner:
        leadmock.mega.lift_limits()
        client = httpx.AsyncClient(base_url=ORIGIN, headers=leadmock.mega.headers)
        yield async_sender(client, runner.get_loop())
        runner.run(client.aclose())


STATIC_SYNC, STATIC_ASYNC = "respx, static answer, httpx.Client", "respx, static answer, httpx.AsyncClient"
WAYS: Mapping[str, Way] = {
    STATIC_SYNC: Way(_static_sync, STATIC_SYNC),
    STATIC_ASYNC: Way(_static_async, STATIC_ASYNC),
    "leadmock fixture, httpx.Client": Way(_plugin_sync, STATIC_SYNC),
    "leadmock fixture, httpx.AsyncClient": Way(_plugin_async, STATIC_ASYNC),
    "leadmock, httpx.ASGITransport": Way(_asgi_transport, STATIC_ASYNC),
}


def measure(requests: int, rounds: int) -> dict[str, float]:
    """The median over interleaved rounds, in microseconds of CPU time a request."""
    found: dict[str, list[float]] = {name: [] for name in WAYS}
    for number in range(rounds):
        for name, way in WAYS.items():
            with way.open() as send:
                first = number * 2 * requests + 1
                send(first, requests // 10)
                began = time.process_time()
                send(first + requests, requests)
                found[name].append(1e6 * (time.process_time() - began) / requests)
    return {name: statistics.median(values) for name, values in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.in_process", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("--requests", type=int, default=2000, metavar="N", help="of each round (default: 2000)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="(default: 5)")
    options = parser.parse_args()
    print(json.dumps(measure(options.requests, options.rounds)))  # noqa: T201  # the result of the command
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
