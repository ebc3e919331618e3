"""Hostile requests made from the contracts: valid calls, each then broken somewhere."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Self
from urllib.parse import quote

from mockserver.contract.model import Contract, Operation
from mockserver.docs import credential_headers
from mockserver.engine.call import Credential
from tests.soundness import nasty

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "M-SEARCH")
_TYPES = (
    *("application/json", "application/json; charset=utf-8", "application/json;charset=UTF-16", "text/plain", ""),
    *("application/xml", "multipart/form-data; boundary=x", "application/json, text/html", "APPLICATION/JSON", "json"),
    *(
        'application/json;charset="utf-8"',
        "application/json;;;",
        "a" * 5000,
        "application/\xff",
        "application/merge-patch+json",
    ),
)
_ELSEWHERE = (
    *("/", "/_mock", "/_mock/", "/_mock/docs/", "/_mock/docs/mega/", "/_mock/docs/mega/openapi.json", "/_mock/static/"),
    *(
        "/_mock/static/swagger-ui.css",
        "/_mock/crmleadpro/events",
        "/favicon.ico",
        "//",
        "/api",
        "/api/",
        "/api/agents/crm",
    ),
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as an ASGI server hands it over; `chunks` of its body, and whether the client leaves within it."""

    method: str
    raw_path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    chunks: tuple[bytes, ...]
    leaves: bool = False

    def kept(self) -> str:
        """One line of a corpus."""
        texts = [[name.decode("latin-1"), text.decode("latin-1")] for name, text in self.headers]
        chunks = [chunk.decode("latin-1") for chunk in self.chunks]
        path, query = self.raw_path.decode("latin-1"), self.query.decode("latin-1")
        return json.dumps([self.method, path, query, texts, chunks, self.leaves])

    @classmethod
    def read(cls, line: str) -> Self:
        method, path, query, headers, chunks, leaves = json.loads(line)
        pairs = tuple((name.encode("latin-1"), text.encode("latin-1")) for name, text in headers)
        return cls(
            method,
            path.encode("latin-1"),
            query.encode("latin-1"),
            pairs,
            tuple(chunk.encode("latin-1") for chunk in chunks),
            leaves,
        )


class Requests:
    """Draws requests at random. `credentials`: of each API those to call with; `ids`: known ids by API."""

    def __init__(
        self, contracts: Mapping[str, Contract], credentials: Mapping[str, list[Credential]], seed: int
    ) -> None:
        self.random = Random(seed)  # noqa: S311  # no secret
        self.ids: dict[str, list[str]] = {name: [] for name in contracts}
        self._contracts = contracts
        self._credentials = credentials
        self._operations = [(contract, op) for contract in contracts.values() for op in contract.operations.values()]
        self._bodies = {(contract.name, op.id): _examples(op) for contract, op in self._operations}
        self._number = 0

    def draw(self) -> Request:
        """One request; about one in ten is left as it was, valid."""
        random = self.random
        contract, operation = random.choice(self._operations)
        method = operation.method if random.random() < 0.93 else random.choice(_METHODS)
        path = self._path(contract, operation)
        query = self._query(operation)
        headers = self._headers(contract, operation)
        body = self._body(contract, operation)
        length = (
            str(len(body))
            if random.random() < 0.9
            else random.choice(("0", "-1", "x", "9" * 30, "٣", "1e3", "007", ""))
        )
        if body or random.random() < 0.5:
            headers.append((b"content-length", length.encode("utf-8")))
        random.shuffle(headers)
        return Request(method, path, query, tuple(headers), self._chunks(body), random.random() < 0.01)

    def _path(self, contract: Contract, operation: Operation) -> bytes:
        random = self.random
        if random.random() < 0.02:
            return self._escaped(random.choice(_ELSEWHERE) + (nasty.text(random) if random.random() < 0.5 else ""))
        path = contract.base_path + operation.path
        if "{id}" in path:
            known = self.ids[contract.name]
            record_id = random.choice(known) if known and random.random() < 0.7 else nasty.text(random)
            path = path.replace("{id}", record_id)
        if random.random() < 0.05:
            place = random.randrange(len(path) + 1)
            path = (
                path[:place]
                + random.choice(("/", "//", "..", ".", "%", ";x=1", "\x00", "A", "\u00e9", nasty.text(random)))
                + path[place:]
            )
        return self._escaped(path)

    def _escaped(self, path: str) -> bytes:
        told = quote(
            path.encode("utf-8", "surrogatepass"), safe="/%;=:@!$&'()*+,~" if self.random.random() < 0.5 else "/"
        )
        if self.random.random() < 0.02:
            told += self.random.choice(("%", "%2", "%zz", "%ff", "%00", "%2f", "%5c", "%c0%80", "%ed%a0%80"))
        return told.encode()

    def _query(self, operation: Operation) -> bytes:
        random = self.random
        declared = [each for each in operation.parameters if each.location == "query"]
        pairs = [(each.name, self._parameter(each.schema)) for each in declared if random.random() < 0.25]
        if random.random() < 0.05:
            pairs.append((nasty.text(random), nasty.text(random)))
        if pairs and random.random() < 0.1:
            pairs *= random.choice((2, 400))
        told = "&".join(f"{_quoted(name)}={_quoted(text)}" for name, text in pairs)
        if random.random() < 0.03:
            told += random.choice(("&", "=", "&&&", ";", "%", "%ff", "%00=%00", "&=" * 2000, "?", "#", "+" * 50))
        return told.encode("utf-8", "surrogatepass")[:60_000]  # as much as a connection takes

    def _parameter(self, schema: Mapping[str, Any]) -> str:
        random = self.random
        if random.random() < 0.5:
            return nasty.text(random)
        if "enum" in schema:
            return str(random.choice(schema["enum"]))
        return str(random.choice((*nasty.NUMBERS, 1, 2, 20, 100, 101, "a", "new", "2024-01-01T00:00:00Z")))

    def _headers(self, contract: Contract, operation: Operation) -> list[tuple[bytes, bytes]]:
        random = self.random
        given = credential_headers(contract, random.choice(self._credentials[contract.name]))
        headers = [(name.lower().encode(), text.encode()) for name, text in given.items()]
        headers.append(
            (b"host", random.choice((b"localhost", contract.host.encode(), b"[::1", b"", b"<script>", b"a\xff")))
        )
        if operation.body_schema is not None:
            kind = _TYPES[0] if random.random() < 0.9 else random.choice(_TYPES)
            if "merge-patch+json" in str(operation.media_types) and random.random() < 0.5:
                kind = "application/merge-patch+json"
            headers.append((b"content-type", kind.encode("latin-1")))
        if operation.idempotency is not None and random.random() < 0.3:
            key = f"key-{random.randrange(50)}" if random.random() < 0.6 else nasty.text(random)
            headers.append((b"idempotency-key", _header_bytes(key)))
        if random.random() < 0.06:
            self._break_headers(headers)
        return headers

    def _break_headers(self, headers: list[tuple[bytes, bytes]]) -> None:
        random = self.random
        place = random.randrange(len(headers))
        how = random.randrange(6)
        if how == 0:
            del headers[place]
        elif how == 1:
            headers.append(headers[place])
        elif how == 2:
            headers[place] = (headers[place][0], _header_bytes(nasty.text(random)))
        elif how == 3:
            headers[place] = (
                headers[place][0],
                nasty.flipped(headers[place][1], random).replace(b"\r", b"").replace(b"\n", b""),
            )
        elif how == 4:
            names = (
                b"content-encoding",
                b"transfer-encoding",
                b"x-http-method-override",
                b"accept",
                b"expect",
                b"range",
                b"if-match",
                b"accept-encoding",
                b"x-forwarded-for",
            )
            headers.append(
                (
                    random.choice(names),
                    random.choice(
                        (b"gzip", b"identity", b"DELETE", b"*/*", b"x" * 3000, b"bytes=0-1", b'"a"', b"\xff")
                    ),
                )
            )
        else:
            headers += [(b"x-a", b"b")] * random.choice((10, 190))

    def _body(self, contract: Contract, operation: Operation) -> bytes:
        random = self.random
        if operation.body_schema is None:
            return random.randbytes(20) if random.random() < 0.05 else b""
        body = copy.deepcopy(random.choice(self._bodies[contract.name, operation.id]))
        self._number += 1
        for _ in range(random.choice((0, 1, 1, 1, 2, 3, 5))):
            body = nasty.change(body, random)
        return nasty.encoded(body, random)

    def _chunks(self, body: bytes) -> tuple[bytes, ...]:
        if self.random.random() < 0.9:
            return (body,)
        size = self.random.choice((1, 7, 1000)) if len(body) < 2000 else 1000
        return tuple(body[start : start + size] for start in range(0, len(body), size)) or (b"",)


def _examples(operation: Operation) -> list[Any]:
    """The bodies to begin with: the contract's own examples, and an object with a value for each member."""
    if operation.body_schema is None:
        return [None]
    content = operation.raw["requestBody"]["content"]
    found = [each["value"] for media in content.values() for each in media.get("examples", {}).values()]
    whole = dict.fromkeys(operation.body_schema.get("properties", {}), "x")
    return [*found, whole]


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _header_bytes(text: str) -> bytes:
    """What a server lets through in the value of a header: any byte but control characters."""
    return bytes(byte for byte in text.encode("utf-8", "surrogatepass") if byte >= 32 and byte != 127)
