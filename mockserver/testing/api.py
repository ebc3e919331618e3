"""One vendor's API in a test's hands: credentials, records, requests, faults, expectations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.docs import credential_headers
from mockserver.engine.call import Credential
from mockserver.engine.refusal import Refusal
from mockserver.engine.webhooks import KIND as WEBHOOK
from mockserver.journal import Filter
from mockserver.testing import expectations
from mockserver.testing.breaker import Breaker, check_operation
from mockserver.testing.deliveries import Delivery
from mockserver.testing.place import Place
from mockserver.testing.records import Record
from mockserver.testing.requests import Request
from mockserver.testing.seeding import Seeder, with_plan

# What a test gets wrong is shown where the test says it; `pytest --full-trace` shows the frames of here too.
__tracebackhide__ = True


class Key:
    """A credential: `secret`, and the `headers` that make a request one of its own."""

    def __init__(self, headers: Mapping[str, str], credential: Credential) -> None:
        self.secret = credential.secret
        self.headers = dict(headers)
        self.scopes = credential.scopes

    def __repr__(self) -> str:
        return f"Key(scopes={sorted(self.scopes)})"


class Api:
    """One API and one tenant of it. `strangers`: its requests include those of nobody it knows."""

    def __init__(self, place: Place, credential: Credential, *, since: int, strangers: bool) -> None:
        self._place = place
        self._credential = credential
        self._since = since
        self._strangers = strangers
        self._contract = place.mock.contracts[credential.tenant.api]
        self._seeder = Seeder(place.mock, self.name)
        # Where the tenant stands for the whole API, faults befall everybody.
        self._breaker = Breaker(place.mock.faults, self._contract, None if strangers else credential.tenant.id)

    def __repr__(self) -> str:
        return f"<{self._contract.title} at {self.url}>"

    # Who and where.

    @property
    def name(self) -> str:
        return self._contract.name

    @property
    def url(self) -> str:
        """The base URL, with the vendor's own path."""
        return self._place.origin(self._contract) + self._contract.base_path

    @property
    def tenant_id(self) -> str:
        """The id of the workspace, customer or account."""
        return self._credential.tenant.id

    @property
    def token(self) -> str:
        """The key or bearer token; `api_key` is the same."""
        return self._credential.secret

    @property
    def api_key(self) -> str:
        return self._credential.secret

    @property
    def headers(self) -> dict[str, str]:
        """What a request needs to be this tenant's."""
        return credential_headers(self._contract, self._credential)

    def add_credential(self, *, scopes: tuple[str, ...] | None = None) -> Key:
        """One more key of this tenant; without `scopes` it may do everything. ValueError for an unknown scope."""
        if isinstance(scopes, str):
            raise TypeError(f"scopes={scopes!r}: give a tuple of them, such as scopes=({scopes!r},)")
        known = {scope for scheme in self._contract.security.values() for scope in scheme.scopes}
        for scope in scopes or ():
            if scope not in known:
                there = f"there are {', '.join(sorted(known))}" if known else "it has none"
                raise ValueError(f"{self._contract.title} has no scope {scope!r}; {there}")
        credential = self._place.mock.add_credential(self._credential, scopes=scopes)
        return Key(credential_headers(self._contract, credential), credential)

    def new_tenant(self, *, plan: str | None = None) -> Api:
        """Another, empty tenant of this API, for what must not mix."""
        tenant = self._credential.tenant
        if plan is not None:
            with_plan(tenant, self._contract, plan)
        credential = self._place.mock.add_tenant(self.name, name="another tenant of the test", plan=plan)
        return Api(self._place, credential, since=self._since, strangers=False)

    def use_plan(self, plan: str) -> None:
        """Put this tenant on another plan, with its limits and quotas. ValueError names those there are."""
        self._become(with_plan(self._credential.tenant, self._contract, plan))

    def lift_limits(self) -> None:
        """No rate limits and no quotas for this tenant."""
        self._become(replace(self._credential.tenant, unlimited=True))

    def _become(self, tenant: Any) -> None:
        directory = self._place.mock.directories[self.name]
        for credential in directory.of_tenant(self.tenant_id):
            directory.add(replace(credential, tenant=tenant))
        self._credential = replace(self._credential, tenant=tenant)

    # State.

    @property
    def leads(self) -> list[Record]:
        """The live leads, in the order in which they were made."""
        return self.records("lead")

    @property
    def webhooks(self) -> list[Record]:
        """The registered webhooks, secrets included."""
        return self.records(WEBHOOK)

    def records(self, kind: str, *, archived: bool = False) -> list[Record]:
        """The records of a kind (lead, deal, campaign, webhook, …), in the order in which they were made.

        ValueError for a kind that the API does not have.
        """
        self._seeder.check_kind(kind)

        async def scan() -> list[Record]:
            async with self._place.mock.store.transaction(self._credential.tenant.key) as tx:
                return [Record(kind, record.data) for record in await tx.scan(kind, archived)]

        return self._place.run(scan())

    def given(self, kind: str, **fields: Any) -> Record:
        """A record that is there beforehand, made as the vendor would make it, with what it demands filled in.

        No request: it shows in no journal, meets no fault and no limit. ValueError where the vendor would refuse it.
        """

        async def give() -> Record:
            record = await self._seeder.give(self._credential.tenant, kind, fields)
            return Record(kind, record.data)

        return self._place.run(give())

    def given_lead(self, **fields: Any) -> Record:
        """A lead that is there beforehand: see `given`."""
        return self.given("lead", **fields)

    def given_webhook(self, url: str, *events: str) -> Record:
        """A webhook that is registered already, for these events or for all; `.secret` signs its deliveries."""
        listened = list(events or [event.name for event in self._contract.events])
        if not self._contract.events:
            raise ValueError(f"{self._contract.title} has no webhooks")
        member = "event_types" if "event_types" in self._seeder.members(WEBHOOK) else "events"
        return self.given(WEBHOOK, url=url, **{member: listened})

    def emit(self, event: str, **data: Any) -> None:
        """Make an event happen that no operation fires, such as `emit("deal.won", id=deal.id)`.

        `data` comes on top of the record that `id` names. ValueError for an event or a record that is none.
        """
        emitter = self._place.mock.emitters.get(self.name)
        if emitter is None:
            raise ValueError(f"{self._contract.title} has no events that can be made to happen")
        try:
            self._place.run(emitter.emit(self._credential.tenant.key, {"event": event, "data": data}))
        except Refusal as refusal:
            raise ValueError(refusal.message) from None

    # Requests.

    @property
    def requests(self) -> list[Request]:
        """The requests to this API in this test, the oldest first: this tenant's, and those of nobody it knows."""
        mine = {self.tenant_id, ""} if self._strangers else {self.tenant_id}

        async def find() -> list[Request]:
            entries = self._place.mock.journal.find(Filter(api=self.name, since=self._since))
            return [Request(entry) for entry in reversed(entries) if entry.tenant in mine]

        return self._place.run(find())

    @property
    def deliveries(self) -> list[Delivery]:
        """The webhooks that were sent, or are due to be, the oldest first."""
        key = self._credential.tenant.key

        async def find() -> list[Delivery]:
            store = self._place.mock.store
            async with store.transaction(key) as tx:
                urls = {record.id: str(record.data["url"]) for record in await tx.scan(WEBHOOK, archived=None)}
            found = [delivery for delivery, _ in await store.deliveries(key)]
            posts = tuple(self._place.posts)
            return [Delivery(each, urls.get(each.subscription_id, ""), posts) for each in found]

        return self._place.run(find())

    # Expectations.

    def expect_create(self, times: int | None = 1, *, kind: str = "lead", **fields: Any) -> list[Request]:
        """So many requests made a record with these fields, or None: at least one. Replays and refusals do not count.

        Returns them. AssertionError shows what was sent instead, with its outcomes. TypeError for a field that the API
        does not know.
        """
        self._seeder.check(kind, fields)  # A name that is none would never be seen, which times=0 would take for well.
        seen = self.requests
        found = expectations.creates(seen, kind, fields)
        noun = "create" if kind == "lead" else f"create of a {kind}"
        plural = "" if times in {1, None} else "s"
        expectations.check(times, found, f"{noun}{plural}{expectations.told(fields)}", seen)
        return found

    def expect_request(  # noqa: PLR0913  # what a request can be told by, all but the first by name
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        times: int | None = None,
        operation: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> list[Request]:
        """So many requests fit, or None: at least one. `path` is its end; `json` and `headers` are some of it.

        Returns them. AssertionError shows what was sent instead, with its outcomes. ValueError or TypeError for what
        no request could ever be.
        """
        check_operation(self._contract, operation)
        wanted: dict[str, Any] = {
            "method": method, "path": path, "operation": operation, "status": status, "headers": headers, "json": json
        }  # fmt: skip
        seen = self.requests
        given = {**wanted, "headers": headers or {}, "json": json or {}}
        found = expectations.matching(seen, **given)
        plural = "" if times in {1, None} else "s"
        told = expectations.told({name: value for name, value in wanted.items() if value is not None})
        expectations.check(times, found, f"request{plural}{told}", seen)
        return found

    def expect_no_requests(self) -> None:
        """Nothing was sent to this API. AssertionError shows what was."""
        seen = self.requests
        expectations.check(0, seen, "requests", seen)

    # Faults.

    def fail_next(  # noqa: PLR0913  # how it fails, all but the first two by name
        self,
        status: int | None = None,
        times: int = 1,
        *,
        operation: str | None = None,
        after_processing: bool = False,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        latency: float = 0.0,
    ) -> None:
        """Answer the next requests with an error, 503 unless told, after `latency` seconds; nothing is processed.

        `body` is JSON, by default the vendor's error. `operation` is an operationId: only its requests.
        `after_processing`: the request is processed and its answer lost, as by `drop_next`; there is no status then.
        """
        if after_processing:
            if status is not None or body is not None or headers:
                raise ValueError("after_processing loses the answer: leave status, body and headers out")
            self._breaker.add("lost-response", times, operation, latency=latency)
            return
        if headers is not None and not isinstance(headers, Mapping):
            raise TypeError(f"headers={headers!r}: give a dictionary, such as {{'Retry-After': '5'}}")
        own = 503 if status is None else status
        more = {"status": own, "body": body, "headers": dict(headers or {}), "latency": latency}
        self._breaker.add("status", times, operation, **more)

    def limit_next(self, retry_after: int = 30, times: int = 1, *, operation: str | None = None) -> None:
        """Answer 429 with Retry-After, in seconds, whatever the limits are."""
        self._breaker.add("rate-limit", times, operation, retry_after=retry_after)

    def drop_next(self, times: int = 1, *, operation: str | None = None, after_processing: bool = False) -> None:
        """Close the connection without an answer, before the request is processed or after: httpx raises
        RemoteProtocolError.
        """
        self._breaker.add("lost-response" if after_processing else "drop", times, operation)

    def delay_next(self, seconds: float, times: int = 1, *, operation: str | None = None) -> None:
        """Answer late. A client of httpx in process whose read timeout is no longer than that raises ReadTimeout at
        once, and the request is processed all the same, as it would be.
        """
        self._breaker.add("latency", times, operation, latency=seconds)

    def garble_next(self, times: int = 1, *, operation: str | None = None) -> None:
        """Process, and answer with a body that is no JSON."""
        self._breaker.add("malformed", times, operation)

    def cut_off_next(self, times: int = 1, *, operation: str | None = None) -> None:
        """Process, and close the connection in the middle of the answer: httpx raises RemoteProtocolError."""
        self._breaker.add("truncate", times, operation)

    def stop_failing(self) -> None:
        """Take back every fault of this API and tenant that has not struck."""
        self._breaker.clear()
