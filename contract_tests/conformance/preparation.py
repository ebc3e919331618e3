"""Making generated requests reach the code behind validation: fresh keys, facts of the world, the right tenant.

Which members are keys is what the contract says; nothing here knows an API by name. Values are made
unlike each other by their spelling alone, never by what an implementation makes of them.
"""

from __future__ import annotations

import copy
import random
import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemathesis import Case

from mockserver.contract import Contract, Operation, Validator, compile_schema
from mockserver.contract.model import Match, Parameter

from .facts import Facts

#: The share of requests whose keys are made fresh. The others are left to collide, which is promised behaviour too.
FRESH_SHARE = 0.8

_TOKEN = 8
#: What HTTP itself says the meaning of. Sent by chance under a name like these, any value may be refused before an
#: API sees the request: no length, no coding that is known, nothing that is acceptable.
_OF_HTTP = re.compile(
    r"(?i)accept(-.*)?|connection|content-(encoding|length|range)|expect|host|if-.*|keep-alive|max-forwards|proxy-.*"
    r"|range|te|trailer|transfer-encoding|upgrade(-.*)?|x-http-method(-override)?"
)
_ASCII_DIGIT = re.compile("[0-9]")
_CALLBACK_URL = re.compile(r"\{\$request\.body#(/[^}]+)\}")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done with the requests of one operation; `valid` judges a record on its own."""

    operation: Operation
    matches: tuple[Match, ...]
    rows: str | None
    valid: Validator | None
    url: str | None
    tenant: Validator | None
    key: tuple[str, Validator] | None


class Preparation:
    """Prepares each request of one run just before it is sent. Draws from its own seed."""

    def __init__(
        self, contract: Contract, facts: Facts, tenant: str | None, seed: int, share: float = FRESH_SHARE
    ) -> None:
        self._facts = facts
        self._share = share
        self._random = random.Random(seed)  # noqa: S311  # repeatable is what is wanted
        self._tenant_header = contract.tenancy.header
        self._tenant = tenant
        urls = _webhook_pointers(contract)
        self._plans = {
            f"{operation.method} {operation.path}": _plan(contract, operation, urls)
            for operation in contract.operations.values()
        }

    def __call__(self, _context: object, case: Case[Any], _options: dict[str, Any]) -> None:
        """Schemathesis' hook `before_call`."""
        plan = self._plans[case.operation.label]
        self._headers(plan, case)
        if case.meta is not None and case.meta.generation.mode.is_negative:
            return
        for name in self._facts.issued & set(case.query or {}):
            del case.query[name]
        case.query = _without_nul(case.query)
        if isinstance(case.body, dict):
            case.body = self._body(plan, case.body)

    def _headers(self, plan: _Plan, case: Case[Any]) -> None:
        """Only valid values are replaced, in valid and invalid requests alike: a wrong header stays wrong."""
        for name in [name for name in case.headers if _OF_HTTP.fullmatch(name)]:
            del case.headers[name]
        if plan.tenant is not None and self._tenant is not None and self._tenant_header is not None:
            sent = case.headers.get(self._tenant_header)
            if sent is not None and plan.tenant.is_valid(sent):
                case.headers[self._tenant_header] = self._tenant
        if plan.key is not None:
            name, valid = plan.key
            sent = case.headers.get(name)
            # An invalid request too: its key would otherwise often be refused for its reuse, and nothing else.
            if isinstance(sent, str) and valid.is_valid(sent) and self._is_fresh():
                case.headers[name] = sent[:-_TOKEN] + self._token()

    def _body(self, plan: _Plan, body: dict[str, Any]) -> dict[str, Any]:
        prepared: dict[str, Any] = _without_nul(copy.deepcopy(body))
        if plan.url is not None and _get(prepared, plan.url) is not None:
            _set(prepared, plan.url, self._facts.webhook_url)
        for record in _records(plan, prepared):
            self._world(record)
            self._fresh(plan, record)
        if self._is_likely:
            self._of_somebody_else(prepared)
        return prepared

    @property
    def _is_likely(self) -> bool:
        """Whether every request is to be one that nobody has a reason to refuse."""
        return self._share == 1.0

    def _of_somebody_else(self, value: Any) -> None:
        """New addresses and phones: that two leads may have the same is not said everywhere."""
        if isinstance(value, list):
            for item in value:
                self._of_somebody_else(item)
        if not isinstance(value, dict):
            return
        for name, member in value.items():
            self._of_somebody_else(member)
            if isinstance(member, str) and "@" in member:
                value[name] = self._other_email(member) or member
            elif isinstance(member, str) and name.lower().endswith(("phone", "whatsapp")):
                value[name] = self._other_phone(member) or member

    def _world(self, record: dict[str, Any]) -> None:
        for name, known in self._facts.choices.items():
            value = record.get(name)
            if isinstance(value, str) and value.strip() and value not in known:
                if known:
                    record[name] = self._random.choice(known)
                else:
                    del record[name]
        for low, high in self._facts.ordered:
            if _is_number(record.get(low)) and _is_number(record.get(high)):
                record[low], record[high] = sorted((record[low], record[high]))

    def _fresh(self, plan: _Plan, record: dict[str, Any]) -> None:
        """Give the record keys of its own, in the shape of those it has; what would break it is left alone."""
        if not plan.matches or not self._is_fresh():
            return
        for match in plan.matches:
            for pointer in match.pointers:
                value = _get(record, pointer)
                other = self._unlike(match, value) if isinstance(value, str) else None
                if other is None:
                    continue
                _set(record, pointer, other)
                if plan.valid is not None and not plan.valid.is_valid(record):
                    _set(record, pointer, value)

    def _unlike(self, match: Match, value: str) -> str | None:
        return self._other_email(value) if match.normalizer == "email" else self._other_phone(value)

    def _other_email(self, value: str) -> str | None:
        local, at, domain = value.partition("@")
        return local[:-_TOKEN] + self._token() + at + domain if at else None

    def _other_phone(self, value: str) -> str | None:
        """The last nine digits drawn anew where they stand; the digit before them decides what kind it is.

        Where every request is to be a likely one, only the last seven: those before say where in a country it is.
        """
        places = [match.start() for match in _ASCII_DIGIT.finditer(value)]
        if len(places) < 10 or not value.isascii():
            return None
        characters = list(value)
        likely = self._is_likely
        for place in places[-7 if likely else -9 :]:
            characters[place] = self._random.choice(string.digits)
        if likely:
            characters[places[-7]] = self._random.choice("23456789")
        return "".join(characters)

    def _token(self) -> str:
        return "".join(self._random.choices(string.ascii_lowercase + string.digits, k=_TOKEN))

    def _is_fresh(self) -> bool:
        return self._random.random() < self._share


def _plan(contract: Contract, operation: Operation, urls: Mapping[str, str]) -> _Plan:
    batch = operation.batch
    keyed = contract.operations[batch.row_operation] if batch is not None else operation
    schema = batch.row_schema if batch is not None else operation.body_schema
    header = contract.tenancy.header
    key = operation.idempotency.header if operation.idempotency is not None else None
    return _Plan(
        operation=operation,
        matches=keyed.deduplication.match if keyed.deduplication is not None else (),
        rows=batch.rows if batch is not None else None,
        valid=None if schema is None else Validator(compile_schema(schema)),
        url=urls.get(operation.record_kind or ""),
        tenant=_header(operation, header),
        key=None if key is None else (key, _header(operation, key) or Validator({})),
    )


def _header(operation: Operation, name: str | None) -> Validator | None:
    """What the values of a header parameter must be; None where the operation does not declare it."""

    def is_it(parameter: Parameter) -> bool:
        return parameter.location == "header" and parameter.name.lower() == (name or "").lower()

    found = next(filter(is_it, operation.parameters), None)
    return None if found is None else Validator(compile_schema(found.schema))


def _webhook_pointers(contract: Contract) -> dict[str, str]:
    """Where the requests that register or change a webhook hold its URL, by the kind of the record."""
    pointers: dict[str, str] = {}
    for operation in contract.operations.values():
        for callback in operation.raw.get("callbacks", {}).values():
            for expression in callback:
                found = _CALLBACK_URL.fullmatch(expression)
                if found and operation.record_kind:
                    pointers[operation.record_kind] = found[1]
    return pointers


def _records(plan: _Plan, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if plan.rows is None:
        yield body
        return
    rows = _get(body, plan.rows)
    yield from (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _get(body: Any, pointer: str) -> Any:
    for name in pointer.split("/")[1:]:
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body


def _set(body: dict[str, Any], pointer: str, value: Any) -> None:
    *path, last = pointer.split("/")[1:]
    for name in path:
        body = body[name]
    body[last] = value


def _without_nul(value: Any) -> Any:
    """No text of a request may hold NUL, which a schema cannot say of members that it does not name."""
    if isinstance(value, str):
        return value.replace("\x00", "0")  # as long as it was
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


Hook = Callable[[object, Case[Any], dict[str, Any]], None]
