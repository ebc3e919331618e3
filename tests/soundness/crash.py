"""Kill -9 under load, again and again: what was acknowledged is there afterwards, once, and whole.

`await Crashes(database).run(times)` raises AssertionError at the first thing that does not hold, and gives the
figures of the run otherwise. The database must be one that nobody else uses; it is never emptied.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from mockserver.store import Record, open_store
from mockserver.tenants import DEMOS
from tests.engine.receiver import Receiver
from tests.serving import Serving

WORKERS = 12
ROWS = 20
QUOTA = 500  # leads of SalesIQ's plan "starter"
OPTIONS = ("--no-rate-limits", "--plan", "salesiq=starter", "--webhook-pace", "0.01", "--log", "off")

_BASE = {"salesiq": "/api", "mega": "/api/agents/crm", "convertiq": "/api/external", "crmleadpro": "/api/v1"}
_HEADER = {"salesiq": "x-api-key", "convertiq": "X-API-Key"}


@dataclass(slots=True)
class Sent:
    """A request, and its answer if one came. `marks`: the phones or emails that its leads are known by."""

    api: str
    method: str
    path: str
    body: dict[str, Any]
    marks: tuple[str, ...]
    key: str | None = None
    status: int = 0
    content: bytes = b""

    @property
    def answered(self) -> bool:
        return self.status != 0

    def told(self) -> Any:
        return json.loads(self.content)


@dataclass(slots=True)
class Patched:
    """A lead that one worker alone changes: what its name may be, by the last answer and by what was sent since."""

    id: str
    may_be: list[str] = field(default_factory=list)


class Crashes:
    """A database, what was sent to it, and what must be true of it."""

    def __init__(self, database: str, seed: int = 0) -> None:
        self.database = database
        self.random = random.Random(seed)  # noqa: S311  # no secret
        self.sent: list[Sent] = []
        self.patched: list[Patched] = []
        self.figures: Counter[str] = Counter()
        self._number = 0
        self._checked = 0

    async def run(self, times: int) -> Counter[str]:
        """Kill it that often, with a check at rest and one through the API after each kill."""
        with Receiver() as receiver:
            with Serving("--database", self.database, *OPTIONS) as server:
                async with _client(server.origin) as client:
                    await self._listen(client, receiver)
            for time in range(times):
                if time % 5 == 4:
                    self._kill_a_start()
                await self._round()
                await self._check_at_rest()
            with Serving("--database", self.database, *OPTIONS) as server:
                async with _client(server.origin) as client:
                    await self._check_answers(client)
                await self._check_webhooks(receiver)
        self.figures["kills"] = times
        self.figures["requests"] = len(self.sent)
        self.figures["answered before the kill"] += sum(each.answered for each in self.sent)
        return self.figures

    async def _listen(self, client: httpx.AsyncClient, receiver: Receiver) -> None:
        body = {"url": f"http://127.0.0.1:{receiver.port}/", "event_types": ["lead.created"], "retry_attempts": 10}
        answer = await client.post(_BASE["mega"] + "/lead-webhooks", json=body, headers=credential("mega"))
        assert answer.status_code == 201, answer.text

    def _kill_a_start(self) -> None:
        """Wherever it was: opening the file, making tables, giving the demo tenants their records."""
        command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--database", self.database, *OPTIONS]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(self.random.uniform(0.1, 2.0))
            except subprocess.TimeoutExpired:
                process.kill()
        self.figures["starts killed"] += 1

    async def _round(self) -> None:
        with Serving("--database", self.database, *OPTIONS) as server:
            async with _client(server.origin) as client:
                await self._check_answers(client)
                workers = [asyncio.create_task(self._work(client, number)) for number in range(WORKERS)]
                await asyncio.sleep(self.random.uniform(0.02, 1.5))
                server.process.kill()
                server.process.wait()
                for done in await asyncio.gather(*workers, return_exceptions=True):
                    # Every worker goes on until the server is gone.
                    assert isinstance(done, httpx.TransportError), done

    # ---- what is sent ----

    async def _work(self, client: httpx.AsyncClient, worker: int) -> None:
        chance = random.Random(self.random.random() + worker)  # noqa: S311  # no secret
        mine: list[Sent] = []
        patched = await self._create_to_patch(client)
        ways: list[Callable[[], Awaitable[object]]] = [
            lambda: self._create(client, mine),
            lambda: self._create(client, mine),
            lambda: self._twice(client),
            lambda: self._bulk(client),
            lambda: self._again(client, chance, mine),
            lambda: self._merge(client, chance, mine),
            lambda: self._capture(client, chance),
            lambda: self._patch(client, patched),
            lambda: self._push(client),
        ]
        while True:
            await chance.choice(ways)()

    async def _create(self, client: httpx.AsyncClient, mine: list[Sent]) -> None:
        mine.append(await self._send(client, self._new_lead()))

    async def _twice(self, client: httpx.AsyncClient) -> None:
        """The same key twice at the same time: one lead, and one answer or a 409."""
        first = self._new_lead()
        second = Sent(first.api, first.method, first.path, first.body, first.marks, first.key)
        await asyncio.gather(self._send(client, first, 409), self._send(client, second, 409))
        told = {each.content for each in (first, second) if each.status == 201}
        assert len(told) == 1, told

    async def _bulk(self, client: httpx.AsyncClient) -> None:
        phones = tuple(self._phone("3") for _ in range(ROWS))
        rows = [{"contact_name": "row", "contact_phone": phone, "row_ref": phone} for phone in phones]
        sent = Sent("mega", "POST", "/leads/bulk", {"leads": rows}, phones, self._key())
        await self._send(client, sent)
        assert sent.told()["summary"]["created"] == ROWS

    async def _again(self, client: httpx.AsyncClient, chance: random.Random, mine: list[Sent]) -> None:
        if mine:
            await self._replay(client, chance.choice(mine))

    async def _merge(self, client: httpx.AsyncClient, chance: random.Random, mine: list[Sent]) -> None:
        """A known phone in another spelling, without a key."""
        if mine:
            known = chance.choice(mine)
            body = {"contact_phone": f"+1 ({known.marks[0][:3]}) {known.marks[0][3:]}", "contact_name": "merged"}
            answer = await self._send(client, Sent("mega", "POST", "/leads", body, known.marks))
            assert answer.told()["lead"]["id"] == known.told()["lead"]["id"]

    async def _capture(self, client: httpx.AsyncClient, chance: random.Random) -> None:
        """Until the quota is reached, and beyond; now and then the same phone twice at the same time."""
        phone = self._phone("9")
        bodies = [{"name": "captured", "phone": phone}] * chance.randint(1, 2)
        sent = [Sent("salesiq", "POST", "/leads/capture", body, (phone,)) for body in bodies]
        await asyncio.gather(*(self._send(client, each, 200, 429) for each in sent))
        assert len({each.told()["leadId"] for each in sent if each.status != 429}) <= 1

    async def _create_to_patch(self, client: httpx.AsyncClient) -> Patched:
        email = f"{self._phone('e')}@example.com"
        sent = Sent("crmleadpro", "POST", "/leads", {"name": "first", "email": email}, (email,))
        await self._send(client, sent)
        patched = Patched(sent.told()["id"], ["first"])
        self.patched.append(patched)
        return patched

    async def _patch(self, client: httpx.AsyncClient, patched: Patched) -> None:
        name = self._phone("name ")
        patched.may_be.append(name)
        await self._send(client, Sent("crmleadpro", "PATCH", f"/leads/{patched.id}", {"name": name}, ()), 200)
        patched.may_be = [name]

    async def _push(self, client: httpx.AsyncClient) -> None:
        email = f"{self._phone('c')}@example.com"
        lead = {"name": "pushed", "email": email, "source": "API", "industry": "Retail"}
        await self._send(client, Sent("convertiq", "POST", "/leads/create", {"lead": lead}, (email,)))

    async def _send(self, client: httpx.AsyncClient, sent: Sent, *others: int) -> Sent:
        self.sent.append(sent)
        answer = await _post(client, sent)
        assert answer.status_code in {201, *others} or (sent.path.endswith("/bulk") and answer.status_code == 200), (
            f"{sent.method} {sent.path}: {answer.status_code} {answer.text}"
        )
        sent.status, sent.content = answer.status_code, answer.content
        return sent

    def _new_lead(self) -> Sent:
        phone = self._phone("2")
        body = {"contact_name": "single", "contact_phone": phone}
        return Sent("mega", "POST", "/leads", body, (phone,), self._key())

    def _phone(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number:09d}"

    def _key(self) -> str:
        self._number += 1
        return f"key-{self._number}"

    # ---- what must be true ----

    async def _check_answers(self, client: httpx.AsyncClient) -> None:
        """Every key of the last round, and some older ones, replays; what had no answer gets one now."""
        keyed = [each for each in self.sent[self._checked :] if each.key is not None]
        older = [each for each in self.sent[: self._checked] if each.key is not None]
        self._checked = len(self.sent)
        for sent in keyed + self.random.sample(older, min(100, len(older))):
            await self._replay(client, sent)
        for patched in self.patched:
            answer = await client.get(_BASE["crmleadpro"] + f"/leads/{patched.id}", headers=credential("crmleadpro"))
            assert answer.json()["name"] in patched.may_be, (answer.text, patched)
            patched.may_be = [answer.json()["name"]]

    async def _replay(self, client: httpx.AsyncClient, sent: Sent) -> None:
        answer = await _post(client, sent)
        assert answer.status_code in {200, 201}, f"{sent}: {answer.status_code} {answer.text}"
        if sent.status in {200, 201}:
            assert answer.content == sent.content, f"{sent}: replayed as {answer.text}"
            assert answer.headers["idempotent-replayed"] == "true", sent
            self.figures["replays"] += 1
        else:
            self.figures["answered after the kill"] += 1
            self.figures["of these already done"] += "idempotent-replayed" in answer.headers
            self.figures["answered before the kill"] -= 1
            sent.status, sent.content = answer.status_code, answer.content

    async def _check_at_rest(self) -> None:
        """What is in the database while no server runs."""
        if "://" not in self.database:
            connection = sqlite3.connect(Path(self.database))
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            connection.close()
        store = open_store(self.database)
        try:
            leads = {}
            for api in DEMOS:
                tenant = f"{api}:{DEMOS[api][0].id}"
                async with store.transaction(tenant) as tx:
                    leads[api] = list(await tx.scan("lead", archived=None))
                    for lead in leads[api]:
                        for name, value in lead.keys:
                            assert await tx.holder("lead", name, value) == lead.id, lead
                    if api == "salesiq":
                        codes = {lead.data["leadCode"] for lead in leads[api]}
                        assert len(codes) == len(leads[api]) == await tx.counter("leadCode") <= QUOTA
                for delivery, _ in await store.deliveries(tenant):
                    told = json.loads(delivery.payload)
                    about = told.get("lead", told.get("data"))["id"]
                    assert about in {lead.id for lead in leads[api]}, delivery
        finally:
            await store.close()
        self._check_leads(leads)
        self.figures["leads"] = sum(map(len, leads.values()))

    def _check_leads(self, leads: dict[str, list[Record]]) -> None:
        for api, records in leads.items():
            held = Counter(_mark(record) for record in records)
            assert not [mark for mark, number in held.items() if number > 1], "a lead is there twice"
            asked = {mark for each in self.sent if each.api == api for mark in each.marks}
            seeded = {_mark(record) for record in records[:1]}
            assert held.keys() - asked <= seeded, "a lead is there that nobody sent"
            for each in self.sent:
                if each.api == api and each.status in {200, 201}:
                    assert all(mark in held for mark in each.marks), f"acknowledged and gone: {each}"
                if each.path.endswith("/bulk") and each.api == api:
                    assert sum(mark in held for mark in each.marks) in {0, ROWS}, f"torn: {each}"

    async def _check_webhooks(self, receiver: Receiver) -> None:
        """Every lead that a single create made is announced, at least once; and none that is not there."""
        made = {
            each.told()["lead"]["id"]
            for each in self.sent
            if each.api == "mega" and each.path == "/leads" and each.status == 201
        }
        while True:
            receiver.arrived.clear()
            # A kill may cut a request off in its middle; what came of it is nothing.
            whole = [each for each in list(receiver.arrivals) if len(each.body) == int(each.headers["content-length"])]
            announced = Counter(json.loads(each.body)["lead"]["id"] for each in whole)
            if made <= announced.keys():
                break
            arrived = await asyncio.to_thread(receiver.arrived.wait, 60)
            assert arrived, f"never announced: {made - announced.keys()}"
        assert announced.keys() <= made, f"announced and not there: {announced.keys() - made}"
        self.figures["webhooks"] = len(announced)
        self.figures["webhooks sent again"] = announced.total() - len(announced)


def credential(api: str) -> dict[str, str]:
    """The headers of the demo credential."""
    demo = DEMOS[api][0]
    secret = next(iter(demo.secrets))
    if api in _HEADER:
        return {_HEADER[api]: secret}
    tenant = {"x-customer-id": demo.id} if api == "mega" else {}
    return {"Authorization": f"Bearer {secret}", **tenant}


def _client(origin: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=origin, timeout=60, limits=limits, trust_env=False)


async def _post(client: httpx.AsyncClient, sent: Sent) -> httpx.Response:
    headers = credential(sent.api)
    if sent.key is not None:
        headers["Idempotency-Key"] = sent.key
    return await client.request(sent.method, _BASE[sent.api] + sent.path, json=sent.body, headers=headers)


def _mark(record: Record) -> str:
    data = record.data
    phone = data.get("contact_phone") or data.get("phone")
    return "".join(filter(str.isdigit, phone))[-10:] if phone else str(data.get("email"))
