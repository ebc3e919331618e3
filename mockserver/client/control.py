"""Every call of the control plane, as a method."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from mockserver.client.span import seconds_of
from mockserver.client.told import (
    Access,
    ClockTime,
    Credential,
    Delivery,
    Explanation,
    Fault,
    Record,
    RequestSummary,
    SeedReport,
    Tenant,
    made,
    tenant_of,
)

_MEDIA_TYPES = {
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".csv": "text/csv",
}
# Statuses that tell of what was sent.
_OF_THE_BODY = frozenset((HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE))


class ControlError(Exception):
    """The control plane refused: `status` is its answer, 0 where nobody answered; the text says what to do."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class ControlClient:
    """Every call of the control plane. Raises ControlError where it is refused, or nobody answers.

    `token` is needed where the server listens beyond this machine. Use it with `with`, or call `close`.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        *,
        token: str | None = None,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        headers = {} if not token else {"Authorization": f"Bearer {token}"}
        try:
            # trust_env: a proxy between a test and its own machine only gets in the way.
            self._http = httpx.Client(
                base_url=self.url + "/_mock", headers=headers, timeout=timeout, transport=transport, trust_env=False
            )
        except httpx.InvalidURL as error:
            raise ControlError(0, f"{url} is no address ({error}); write it like http://127.0.0.1:8080") from None
        except UnicodeEncodeError:
            raise ControlError(0, "the control token has characters that no token has") from None

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, method: str, path: str, *, json: Any = None, **options: Any) -> Any:
        """Any call: `path` is below /_mock. Its JSON, None where there is none."""
        if json is not None:
            options["json"] = json
        response = self._checked(method, path, **options)
        if not response.content and response.status_code == HTTPStatus.NO_CONTENT:
            return None
        try:
            told = response.json()
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise ControlError(response.status_code, _foreign(response))
        return told

    # Health

    def health(self) -> Mapping[str, Any]:
        """status, version, uptime_seconds, apis."""
        return self._object(self.call("GET", "/health"))

    def wait_until_ready(self, seconds: float = 30.0) -> None:
        """Return once requests are served. Raises ControlError when that takes longer."""
        end = time.monotonic() + seconds
        while True:
            try:
                self.call("GET", "/ready")
            except ControlError:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.05)
            else:
                return

    def apis(self) -> list[Mapping[str, Any]]:
        """What is served, with the names that other calls take: name, kinds, operations, plans, events."""
        found: list[Mapping[str, Any]] = self.call("GET", "/apis")["apis"]
        return found

    def metrics(self) -> str:
        """Prometheus' text format."""
        return self._checked("GET", "/metrics").text

    # State

    def reset(self) -> None:
        """Start again: everything but tenants and credentials."""
        self.call("POST", "/reset")

    def reset_tenant(self, api: str, tenant: str) -> None:
        self.call("POST", _path("tenants", api, tenant, "reset"))

    def take_snapshot(self, name: str) -> None:
        self.call("PUT", _path("snapshots", name))

    def restore_snapshot(self, name: str) -> None:
        self.call("POST", _path("snapshots", name, "restore"))

    def delete_snapshot(self, name: str) -> None:
        self.call("DELETE", _path("snapshots", name))

    def snapshots(self) -> list[str]:
        """Their names, the oldest first."""
        return [each["name"] for each in self.call("GET", "/snapshots")["snapshots"]]

    # Tenants

    def tenants(self, api: str | None = None) -> list[Tenant]:
        found = self.call("GET", "/tenants", params=_given(api=api))["tenants"]
        return [tenant_of(each) for each in found]

    def tenant(self, api: str, tenant: str) -> Tenant:
        return tenant_of(self.call("GET", _path("tenants", api, tenant)))

    def create_tenant(self, api: str, **options: Any) -> Access:
        """A fresh, empty tenant. Options: id, name, plan, unlimited, unmetered, limits, scopes, secret."""
        return self._access(self.call("POST", "/tenants", json={"api": api, **options}))

    def delete_tenant(self, api: str, tenant: str) -> None:
        self.call("DELETE", _path("tenants", api, tenant))

    def create_credential(self, api: str, tenant: str, **options: Any) -> Access:
        """One more credential of the tenant. Options: name, scopes, secret."""
        return self._access(self.call("POST", _path("tenants", api, tenant, "credentials"), json=options))

    def revoke_credential(self, api: str, tenant: str, credential: str) -> None:
        """`credential` is its id."""
        self.call("DELETE", _path("tenants", api, tenant, "credentials", credential))

    # Records

    def records(self, api: str, tenant: str, *, kind: str = "lead", limit: int = 1000, **filters: Any) -> list[Record]:
        """Records in the order in which they were made. Filters: archived (those too), text, offset."""
        params = _given(kind=kind, limit=limit, **filters)
        found = self.call("GET", _path("tenants", api, tenant, "records"), params=params)["records"]
        return [made(Record, each) for each in found]

    def record(self, api: str, tenant: str, kind: str, record_id: str) -> Record:
        return made(Record, self.call("GET", _path("tenants", api, tenant, "records", kind, record_id)))

    def seed(
        self, api: str, tenant: str, rows: Sequence[Mapping[str, Any]] | Path, *, operation: str | None = None
    ) -> SeedReport:
        """Create records of rows, or of a file that ends in .json, .yaml, .yml or .csv."""
        media_type, content = _content(rows)
        path = _path("tenants", api, tenant, "seed")
        options = {"content": content, "headers": {"Content-Type": media_type}, "params": _given(operation=operation)}
        try:
            return made(SeedReport, self.call("POST", path, **options))
        except ControlError as error:
            if isinstance(rows, Path) and error.status in _OF_THE_BODY:
                raise ControlError(error.status, f"{rows} was not taken: {error}") from None
            raise

    def idempotency_keys(self, api: str, tenant: str) -> list[Mapping[str, Any]]:
        """operation, key, status, created_at, age_seconds and expires_at of each."""
        found: list[Mapping[str, Any]] = self.call("GET", _path("tenants", api, tenant, "idempotency-keys"))["keys"]
        return found

    def limits(self, api: str, tenant: str) -> Mapping[str, Any]:
        """`windows` and `quotas`, with what is left of each."""
        return self._object(self.call("GET", _path("tenants", api, tenant, "limits")))

    # Journal

    def requests(self, *, limit: int = 100, **filters: Any) -> list[RequestSummary]:
        """The newest first. Filters: api, operation, tenant, status ("404" or "4xx"), method, path, body, since."""
        found = self.call("GET", "/requests", params=_given(limit=limit, **filters))["requests"]
        return [made(RequestSummary, each) for each in found]

    def count_requests(self, **filters: Any) -> int:
        """How many fit; filters as of `requests`."""
        return int(self.call("GET", "/requests/count", params=_given(**filters))["count"])

    def clear_requests(self, *, api: str | None = None, tenant: str | None = None) -> int:
        """Forget them; how many there were."""
        return int(self.call("DELETE", "/requests", params=_given(api=api, tenant=tenant))["count"])

    def request(self, request_id: str) -> Mapping[str, Any]:
        """The whole exchange."""
        return self._object(self.call("GET", _path("requests", request_id)))

    def explain(self, request_id: str) -> Explanation:
        return made(Explanation, self.call("GET", _path("requests", request_id, "explanation")))

    def watch(self, **filters: Any) -> Iterator[RequestSummary]:
        """Requests as they arrive, until the server stops; filters as of `requests`, but for `since`."""
        params = _given(**filters)
        try:
            with self._http.stream("GET", "/requests/stream", params=params, timeout=None) as response:
                if not response.is_success or "text/event-stream" not in response.headers.get("content-type", ""):
                    response.read()
                    raise _refused(response)
                for line in response.iter_lines():
                    if line.startswith("data: "):
                        yield made(RequestSummary, json.loads(line.removeprefix("data: ")))
        except httpx.RequestError as error:
            raise self._unreachable(error) from None

    # Webhooks

    def deliveries(self, api: str, tenant: str, *, limit: int = 100, **filters: Any) -> list[Delivery]:
        """The newest first. Filters: state, event."""
        params = _given(limit=limit, **filters)
        found = self.call("GET", _path("tenants", api, tenant, "deliveries"), params=params)["deliveries"]
        return [made(Delivery, each) for each in found]

    def redeliver(self, api: str, tenant: str, delivery: str) -> Delivery:
        return made(Delivery, self.call("POST", _path("tenants", api, tenant, "deliveries", delivery, "redeliver")))

    def emit(self, api: str, tenant: str, event: str, data: Mapping[str, Any]) -> int:
        """Make an event happen; how many webhooks will be told."""
        body = {"event": event, "data": data}
        return int(self.call("POST", _path("tenants", api, tenant, "events"), json=body)["deliveries"])

    # Clock

    def clock(self) -> ClockTime:
        return made(ClockTime, self.call("GET", "/clock"))

    def freeze(self, at: datetime | str | None = None) -> ClockTime:
        """Stand still, now or at a moment with a zone: a datetime, or text such as "2026-07-02T10:00:00Z"."""
        text = at.isoformat() if isinstance(at, datetime) else at
        return made(ClockTime, self.call("POST", "/clock/freeze", json=_given(at=text)))

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> ClockTime:
        """Move forward by the sum of these. TypeError for what is no number."""
        whole = seconds_of(seconds, minutes, hours, days)
        return made(ClockTime, self.call("POST", "/clock/advance", json={"seconds": whole}))

    def resume(self) -> ClockTime:
        """Run on from where it stands."""
        return made(ClockTime, self.call("POST", "/clock/resume"))

    def reset_clock(self) -> ClockTime:
        """Return to the machine's time."""
        return made(ClockTime, self.call("POST", "/clock/reset"))

    # Faults

    def faults(self) -> list[Fault]:
        return [made(Fault, each) for each in self.call("GET", "/faults")["faults"]]

    def add_fault(self, kind: str, **options: Any) -> Fault:
        """Switch on a fault. Options as in the contract: api, operation, tenant, times, probability, status, ..."""
        return made(Fault, self.call("POST", "/faults", json={"kind": kind, **options}))

    def remove_fault(self, fault_id: str) -> None:
        self.call("DELETE", _path("faults", fault_id))

    def clear_faults(self, *, api: str | None = None, tenant: str | None = None) -> int:
        """Switch off all of them; how many there were."""
        return int(self.call("DELETE", "/faults", params=_given(api=api, tenant=tenant))["count"])

    def _access(self, told: Mapping[str, Any]) -> Access:
        base_url = self.url + told["base_path"]
        return Access(tenant_of(told["tenant"]), made(Credential, told["credential"]), told["headers"], base_url)

    def _checked(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.RequestError as error:
            raise self._unreachable(error) from None
        except (TypeError, ValueError) as error:
            raise ControlError(0, f"{method} {path} cannot be sent: {error}") from None
        if not response.is_success:
            raise _refused(response)
        return response

    def _unreachable(self, error: Exception) -> ControlError:
        text = f"no answer from {self.url} ({error}); start it with `leadmock serve`, or give its address"
        return ControlError(0, text)

    @staticmethod
    def _object(found: Any) -> Mapping[str, Any]:
        told: Mapping[str, Any] = found
        return told


def _refused(response: httpx.Response) -> ControlError:
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError, RecursionError):
        detail = _foreign(response)
    return ControlError(response.status_code, detail)


def _foreign(response: httpx.Response) -> str:
    """What is said of an answer that no control plane gives."""
    what = f"{response.request.url} answers {response.status_code}"
    return f"{what}, and is no control plane of leadmock; start one with `leadmock serve`, and give its address"


def _path(*parts: Any) -> str:
    for part in parts:
        if not isinstance(part, str):
            raise ControlError(0, f"{part!r} is no text; give the name or id of what is meant")
        # In an address they would lead elsewhere, where the same method may do something else.
        if part in {"", ".", ".."}:
            raise ControlError(0, f"{part!r} is the name of nothing; give the name or id of what is meant")
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _content(rows: Sequence[Mapping[str, Any]] | Path) -> tuple[str, bytes]:
    if not isinstance(rows, Path):
        return "application/json", _rows(rows)
    media_type = _MEDIA_TYPES.get(rows.suffix.lower())
    if media_type is None:
        raise ControlError(0, f"{rows}: its name must end in {', '.join(_MEDIA_TYPES)}")
    try:
        return media_type, rows.read_bytes()
    except OSError as error:
        raise ControlError(0, f"{rows} cannot be read: {error.strerror}") from None


def _rows(rows: Any) -> bytes:
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Sequence):
        text = repr(rows)[:100]
        raise ControlError(0, f"{text} are no rows; give a list of dictionaries, or a file as a pathlib.Path")
    try:
        return json.dumps(list(rows)).encode()
    except (TypeError, ValueError) as error:
        raise ControlError(0, f"the rows cannot be sent: {error}") from None
