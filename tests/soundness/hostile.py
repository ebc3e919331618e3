"""Whether the mock keeps its promises under hostile requests, in process: each is answered, soon, in the vendor's own
envelope, never with a 5xx, and the state is as sound afterwards as it was before.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from mockserver.app import Mock
from mockserver.engine.call import Credential
from mockserver.settings import Settings
from tests.caller import Caller
from tests.edge_cases.every_api import CREATIONS
from tests.edge_cases.live import leads_of
from tests.soundness.hostile_requests import Request, Requests

_HANG_SECONDS = 60
_CONTROL_EVERY = 5_000
_IDS = re.compile(rb'"(?:id|lead_id)":"([^"]{3,80})"')
_BASES = ("/api/agents/crm", "/api/external", "/api/v1", "/api")
_APIS = {"/api/agents/crm": "mega", "/api/external": "convertiq", "/api/v1": "crmleadpro", "/api": "salesiq"}


class Hostile:
    """A mock in process and what came of the requests it was sent. `novel` hears of each new kind of answer."""

    def __init__(
        self, database: str | None = None, *, seed: int = 0, novel: Callable[[Request], None] | None = None
    ) -> None:
        self.mock = Mock(Settings(database=database, unlimited=True))
        self.figures: Counter[str] = Counter()
        self.slowest = (0.0, "")
        self._kinds: set[tuple[object, ...]] = set()
        self._novel = novel
        credentials = {api: self._credentials(api) for api in self.mock.contracts}
        self.requests = Requests(self.mock.contracts, credentials, seed)

    def _credentials(self, api: str) -> list[Credential]:
        """That of the demo tenant mostly, so that a corpus can be replayed; else one that has limits."""
        return [*[next(iter(self.mock.directories[api]))] * 7, self.mock.add_tenant(api)]

    async def run(self, number: int, *, reset_every: int = 25_000) -> None:
        """Send that many. AssertionError names the first that breaks a promise, as a line for the corpus."""
        for count in range(number):
            await self.send(self.requests.draw())
            if (count + 1) % _CONTROL_EVERY == 0:
                await self.check_state()
            if (count + 1) % reset_every == 0:
                await self.mock.store.reset()
                self.figures[f"resident MB after {count + 1}"] = resident_megabytes()
        await self.check_state()

    async def send(self, request: Request) -> None:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(_HANG_SECONDS):
                sent = await self._exchange(request)
            seconds = time.perf_counter() - began
            if seconds > self.slowest[0]:
                self.slowest = (seconds, request.kept()[:300])
            self._judge(request, sent)
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}\n{request.kept()}") from error

    async def _exchange(self, request: Request) -> list[dict[str, Any]]:
        path = unquote(request.raw_path.decode("ascii"))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": path,
            "raw_path": request.raw_path,
            "query_string": request.query,
            "root_path": "",
            "headers": list(request.headers),
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8080),
            "state": {},
        }
        parts = list(request.chunks)
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if not parts or (request.leaves and len(parts) == 1):
                return {"type": "http.disconnect"}
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.mock(scope, receive, send)
        return sent

    def _judge(self, request: Request, sent: list[dict[str, Any]]) -> None:
        if not sent:
            assert request.leaves, "no answer"
            self.figures["left"] += 1
            return
        status, headers = sent[0]["status"], dict(sent[0]["headers"])
        body = b"".join(message.get("body", b"") for message in sent[1:])
        assert 200 <= status < 500, f"{status} {body[:500]!r}"
        for name, value in sent[0]["headers"]:
            assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", name + value), (name, value)
        self.figures[str(status)] += 1
        api = self._api_of(request)
        if api is None or request.method == "HEAD" or status == 204:
            return
        assert len(body) < 3_000_000
        told = _strictly(body)
        _check_envelope(api, status, headers, told)
        if status < 300 and request.method == "POST":
            self.requests.ids[api] = [each.decode() for each in _IDS.findall(body)][:20] + self.requests.ids[api][:100]
        self._notice(request, api, status, told)

    def _api_of(self, request: Request) -> str | None:
        path = unquote(request.raw_path.decode("ascii"))
        for base in _BASES:
            if path == base or path.startswith(base + "/"):
                return _APIS[base]
        hosts = {contract.host.encode(): name for name, contract in self.mock.contracts.items()}
        return next((hosts.get(value) for name, value in request.headers if name == b"host"), None)

    def _notice(self, request: Request, api: str, status: int, told: Any) -> None:
        if self._novel is None or len(request.kept()) > 5_000:
            return
        message = str(told.get("error") or told.get("detail") or "")
        kind = (api, request.method, status, re.sub(r"'[^']*'|\"[^\"]*\"|[0-9]+|[^ -~]", "", message)[:50])
        if kind not in self._kinds:
            self._kinds.add(kind)
            self._novel(request)

    async def check_state(self) -> None:
        """A lead can be created and read by a tenant that was never attacked, and keys and records of all agree."""
        for api, creation in CREATIONS.items():
            async with Caller.of_new_tenant(self.mock, api) as caller:
                answer = await caller("POST", creation.path, json=creation.body)
                assert answer.status_code == 201, answer.text
                assert await leads_of(self.mock, caller.credential) == 1
        for tenant in await self.mock.store.tenants():
            async with self.mock.store.transaction(tenant) as tx:
                leads = list(await tx.scan("lead", archived=None))
                assert len(leads) == await tx.count("lead", archived=None)
                for lead in leads[-200:]:
                    for name, value in lead.keys:
                        assert await tx.holder("lead", name, value) == lead.id, lead
        self.figures["controls"] += 1


def _check_envelope(api: str, status: int, headers: dict[bytes, bytes], told: Any) -> None:
    kind = headers[b"content-type"]
    assert headers[b"x-content-type-options"] == b"nosniff"
    if status < 300:
        assert kind == b"application/json"
        return
    assert kind == (b"application/problem+json" if api == "crmleadpro" else b"application/json"), kind
    if api == "mega":
        assert told["error"].keys() == {"type", "code", "message"}, told
        assert told["error"]["code"] == status
    elif api == "crmleadpro":
        assert told.keys() - {"errors"} == {"type", "title", "status", "detail"}, told
        assert told["status"] == status
    else:
        assert told.keys() == {"success", "error"}, told


def _strictly(body: bytes) -> Any:
    """JSON that every reader agrees on: no NaN, no name twice."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), pairs
        return dict(pairs)

    return json.loads(body.decode(), parse_constant=refuse, object_pairs_hook=unique)


def resident_megabytes() -> int:
    """What this process holds now."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  # no path of the project
        return int(file.read().split()[1]) * resource.getpagesize() // 1_000_000
