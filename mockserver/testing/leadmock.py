"""What a test gets from the fixtures: the four APIs, the clock, the webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache

from mockserver.engine import ids
from mockserver.engine.call import Credential
from mockserver.journal import Entry, Filter
from mockserver.testing.api import Api
from mockserver.testing.clock import Clock
from mockserver.testing.deliveries import Delivery
from mockserver.testing.place import LiveServer, Place, ThisProcess
from mockserver.testing.router import VendorRouter
from mockserver.testing.transcript import transcript

# What a test gets wrong is shown where the test says it; `pytest --full-trace` shows the frames of here too.
__tracebackhide__ = True


class Apis:
    """The four APIs, each with a tenant of this test's own, and the clock that they share."""

    def __init__(self, place: Place, credentials: Collection[Credential]) -> None:
        self._place = place
        self._since = next(iter(place.run(_newest(place))), 0)
        apis = {each.tenant.api: Api(place, each, since=self._since, strangers=True) for each in credentials}
        self.salesiq: Api = apis["salesiq"]
        self.mega: Api = apis["mega"]
        self.convertiq: Api = apis["convertiq"]
        self.crmleadpro: Api = apis["crmleadpro"]
        self.clock = Clock(place)

    @property
    def apis(self) -> tuple[Api, Api, Api, Api]:
        """All four."""
        return self.salesiq, self.mega, self.convertiq, self.crmleadpro

    @property
    def deliveries(self) -> list[Delivery]:
        """The webhooks of all four, see `Api.deliveries`."""
        return [delivery for api in self.apis for delivery in api.deliveries]

    def transcript(self, most: int = 20) -> str:
        """The requests of this test to all four, a line each, the oldest first; of many the last `most`. No secret is
        in it: it is what the report of a failed test shows.
        """

        async def find() -> list[Entry]:
            return self._place.mock.journal.find(Filter(since=self._since))

        return transcript(self._place.run(find())[::-1], most)


class Leadmock(Apis):
    """The mock in this process: httpx's calls to the vendors' own hosts are answered here.

    `router` is the router of respx that does it; routes for other hosts may be added to it.
    """

    def __init__(self, process: ThisProcess, router: VendorRouter) -> None:
        # The credentials that are printed in README are the test's own, so that settings may hold them beforehand.
        super().__init__(process, [next(iter(each)) for each in process.mock.directories.values()])
        self.router = router
        self._process = process

    def deliver_webhooks(self) -> list[Delivery]:
        """Send what is due by the mock's clock, once and in order; return it.

        A URL is answered by a route of respx, or by a server on this machine. AssertionError where nobody answers.
        In a running event loop, await `deliver_webhooks_async()`.
        """
        if _in_event_loop():
            raise RuntimeError("an event loop is running here: await leadmock.deliver_webhooks_async()")
        # A loop of its own, which leaves that of the thread, if there is one, as it is.
        loop = asyncio.new_event_loop()
        try:
            task = loop.create_task(self.deliver_webhooks_async())
            # It raises nothing, so that the frames of the loop, which say nothing, are in no traceback.
            loop.run_until_complete(asyncio.wait([task]))
            if (error := task.exception()) is not None:
                raise error
            return task.result()
        finally:
            loop.close()

    async def deliver_webhooks_async(self) -> list[Delivery]:
        """As `deliver_webhooks`, in the running event loop of asyncio."""
        posts = await self._process.deliver()
        return _of(posts, self.deliveries)


class LeadmockServer(Apis):
    """The mock as a live server, with fresh tenants for each test. `url` is its origin: all four APIs are there."""

    def __init__(self, server: LiveServer, credentials: Collection[Credential]) -> None:
        super().__init__(server, credentials)
        self.url = server.url
        self._server = server

    def deliver_webhooks(self) -> list[Delivery]:
        """Wait until every webhook that is due by the mock's clock has been attempted; return those of this test.

        The server sends them by itself, to this machine only.
        """
        self._server.run(self._server.deliver())
        return [delivery for delivery in self.deliveries if delivery.attempts]


async def _newest(place: Place) -> list[int]:
    return [entry.number for entry in place.mock.journal.find(limit=1)]


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _of(posts: Collection[object], deliveries: Collection[Delivery]) -> list[Delivery]:
    """The deliveries that these posts belong to, in the order of the posts."""
    return [each for post in posts for each in deliveries if post in each.attempts]


@cache
def _this_process() -> ThisProcess:
    """Contracts are loaded and compiled once a process; every test begins with an empty one."""
    return ThisProcess()


@contextmanager
def in_process() -> Iterator[Leadmock]:
    """The mock for one test; httpx is as before afterwards."""
    process = _this_process()
    process.reset()
    hosts = [contract.host for contract in process.mock.contracts.values()]
    router = VendorRouter(hosts, process.transport)
    with router:
        yield Leadmock(process, router)


@contextmanager
def live_server() -> Iterator[LiveServer]:
    """A server for many tests."""
    server = LiveServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def on_server(server: LiveServer) -> Iterator[LeadmockServer]:
    """The server for one test: fresh tenants, no faults, the clock as the machine's."""
    mock = server.mock

    async def prepare() -> list[Credential]:
        mock.faults.clear()
        mock.clock.reset()
        ids.start_anew()
        return [mock.add_tenant(api, name="the test's own") for api in mock.contracts]

    async def forget() -> None:
        for directory in mock.directories.values():
            for credential in directory:
                if credential.id not in known:
                    directory.remove(credential)
                    await mock.store.reset(credential.tenant.key)
        mock.journal.clear()

    known = {credential.id for directory in mock.directories.values() for credential in directory}
    credentials = server.run(prepare())
    try:
        yield LeadmockServer(server, credentials)
    finally:
        server.run(forget())
