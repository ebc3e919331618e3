"""A request that was answered, as it is kept, and how to say which are meant."""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.contract.model import Contract, Operation
from mockserver.engine.call import Credential
from mockserver.engine.faults import Fault
from mockserver.engine.refusal import Refusal
from mockserver.reply import Answer

RawHeaders = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One request and its answer, as they were: show it through `mockserver.rendering`, which redacts secrets.

    `number` counts from 1; `id` is the same as text. `time` is in epoch seconds, by the mock's clock. `called` is the
    operation, None where path or method led to none.
    """

    number: int
    time: float
    seconds: float
    contract: Contract
    method: str
    path: str
    query: bytes
    headers: RawHeaders
    body: bytes
    answer: Answer
    outcome: str
    called: Operation | None
    credential: Credential | None
    refusal: Refusal | None
    fault: Fault | None

    @property
    def id(self) -> str:
        return str(self.number)

    @property
    def api(self) -> str:
        return self.contract.name

    @property
    def operation(self) -> str:
        """The operationId, empty where the path or method led to none."""
        return "" if self.called is None else self.called.id

    @property
    def tenant(self) -> str:
        """The tenant's id, empty where nobody was recognised."""
        return "" if self.credential is None else self.credential.tenant.id

    @property
    def status(self) -> int:
        return self.answer.status

    def header(self, name: str) -> str | None:
        """The first value of a request header, by its lower-case name."""
        wanted = name.encode()
        return next((value.decode("latin-1") for key, value in self.headers if key == wanted), None)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries; what is None does not matter. `status` is exact ("404") or a class ("4xx"), `tenant` an id.

    `path` and `body` (the request's) are looked for anywhere in theirs. `since` is an id: only later entries.
    """

    api: str | None = None
    operation: str | None = None
    tenant: str | None = None
    status: str | None = None
    method: str | None = None
    path: str | None = None
    body: str | None = None
    since: int | None = None

    def fits(self, entry: Entry) -> bool:
        return (
            self.api in {None, entry.api}
            and self.operation in {None, entry.operation}
            and self.tenant in {None, entry.tenant}
            and (self.method is None or self.method.upper() == entry.method)
            and (self.status is None or self.status.lower() in {str(entry.status), f"{entry.status // 100}xx"})
            and (self.path is None or self.path in entry.path)
            and (self.body is None or self.body.encode("utf-8", "surrogatepass") in entry.body)
            and (self.since is None or entry.number > self.since)
        )


EVERYTHING = Filter()
