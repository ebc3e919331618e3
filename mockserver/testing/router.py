"""Routes httpx's requests to the vendors' own hosts to the mock, by means of respx."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

import httpx
import respx
from respx.models import AllMockedAssertionError, PassThrough

from mockserver.testing.in_process import InProcess


class VendorRouter(respx.MockRouter):
    """A router of respx that answers the vendors' hosts from the mock, and all others by its routes.

    It is asked before every other router, so that the vendors' hosts are the mock's. A host that no router knows is
    refused with respx's own error, but for this machine where leadmock is the only one to say so.
    """

    def __init__(self, hosts: Collection[str], mock: InProcess) -> None:
        super().__init__(assert_all_called=False)
        self._hosts = frozenset(hosts)
        self._mock = mock

    def start(self) -> None:
        super().start()
        routers = self._routers()
        routers.remove(self)
        routers.insert(0, self)

    def handler(self, request: httpx.Request) -> httpx.Response:
        if self._is_vendors(request.url):
            return self._mock.answer(request)
        try:
            return super().handler(request)
        except AllMockedAssertionError:
            raise self._unknown(request) from None

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        if self._is_vendors(request.url):
            return await self._mock.answer_async(request)
        try:
            return await super().async_handler(request)
        except AllMockedAssertionError:
            raise self._unknown(request) from None

    def _is_vendors(self, url: httpx.URL) -> bool:
        return url.host in self._hosts and url.port in {None, 80, 443}

    def _routers(self) -> list[respx.Router]:
        return [] if self.Mocker is None else self.Mocker.routers

    def _unknown(self, request: httpx.Request) -> Exception:
        host = request.url.host
        if self._routers() == [self] and _is_loopback(host):
            return PassThrough(f"{request!r} stays on this machine", request=request, origin=respx.Route())
        known = ", ".join(sorted(self._hosts))
        return AllMockedAssertionError(
            f"RESPX: {request!r} not mocked! leadmock answers {known}. Add a route for {host} to respx_mock, or let it "
            f"through: leadmock.router.route(host={host!r}).pass_through()"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
