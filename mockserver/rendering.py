"""Journal entries as JSON to look at: every secret is shortened to its last four characters."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlencode

from mockserver.contract.model import Contract
from mockserver.engine.clock import iso_ms
from mockserver.journal import Entry

_KEY_HEADERS = frozenset(("authorization", "x-api-key"))
_SECRET_HEADERS = _KEY_HEADERS | {"proxy-authorization", "cookie", "set-cookie"}
_SECRET_NAMES = re.compile(r"secret|token|password|passwd|api[_-]?key|authorization|credential", re.IGNORECASE)
_OF_THE_CLIENT = frozenset(
    ("host", "content-length", "accept-encoding", "connection", "user-agent", "transfer-encoding")
)
# What may stand in a path as it is.
_IN_PATHS = "/!$&'()*+,;=:@~"
_PLAIN_BYTES = frozenset(range(32, 127)) - frozenset(b"'\\")
_LONGEST_ARGUMENT = 100_000  # Bytes; Linux takes 131,072.
_SHOWN_CHARACTERS = 4
_SHORTEST = 12  # Of a shorter secret nothing is shown: four characters would be too much of it.
_SECRET_FORMS = re.compile(
    r"\b(mega_[0-9a-f]{8,}|sqk_live_\w{4,}|ciq_\w{4,}|crmlp_(?:live|test)_\w{4,}|whsec_[\w+/=-]{8,})"
)


def redacted(secret: str) -> str:
    """The last four characters, and that there were more."""
    return "…" + (secret[-_SHOWN_CHARACTERS:] if len(secret) >= _SHORTEST else "")


def summary(entry: Entry) -> dict[str, Any]:
    """One line of the journal: what a list needs."""
    hide = _Hider.of(entry)
    return {
        "id": entry.id,
        "time": iso_ms(entry.time),
        "api": entry.api,
        "operation": entry.operation or None,
        "tenant": entry.tenant or None,
        "tenant_name": None if entry.credential is None else entry.credential.tenant.name,
        "method": entry.method,
        "path": hide.text(entry.path),
        "query": hide.query(entry.query.decode("latin-1")),
        "status": entry.status,
        "outcome": hide.text(entry.outcome),
        "reason": None if entry.refusal is None else entry.refusal.reason,
        "fault": None if entry.fault is None else entry.fault.kind,
        "milliseconds": round(entry.seconds * 1000, 3),
    }


def whole(entry: Entry) -> dict[str, Any]:
    """The whole exchange: `summary`, and headers as pairs, bodies as text and, where they are JSON, parsed."""
    hide = _Hider.of(entry)
    answer = entry.answer
    return {
        **summary(entry),
        "request": {"headers": hide.headers(entry.headers), **hide.body(entry.body)},
        "response": {
            "status": answer.status,
            "headers": hide.headers(answer.headers),
            **hide.body(answer.body),
        },
    }


def without_secrets(data: Any) -> Any:
    """JSON data of a record or a payload, secrets shortened."""
    return _Hider(_SECRET_HEADERS, frozenset()).value(data)


def curl(entry: Entry, known: Collection[str] = ()) -> str:
    """One line for any POSIX shell that repeats the request. A key out of `known`, which is no secret, stands there
    whole; for another one stands a variable of the shell, such as $MEGA_KEY; whatever else is secret is shortened.
    """
    hide = _Hider.of(entry)
    path = quote(hide.text(entry.path), safe=_IN_PATHS)
    target = path + (f"?{hide.query(entry.query.decode('latin-1'))}" if entry.query else "")
    # With -X HEAD it would wait for a body that never comes.
    method = "--head" if entry.method == "HEAD" else f"-X {entry.method}"
    parts = [f"curl -i {method} {_quoted('http://' + (entry.header('host') or 'localhost') + target)}"]
    if any(character in target for character in "[]{}"):
        parts.append("--globoff")
    pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in entry.headers)
    parts += [f"-H {_sent(entry, hide, name, value, known)}" for name, value in pairs if name not in _OF_THE_CLIENT]
    if not entry.body:
        return " ".join(parts)
    if entry.header("content-type") is None:
        parts.append("-H 'Content-Type:'")  # Or else curl sends that of a form.
    text = hide.raw(entry.body)
    if text.isprintable() and len(text.encode()) <= _LONGEST_ARGUMENT:
        return " ".join([*parts, f"--data-raw {_quoted(text)}"])
    return " ".join([_printed(text.encode("utf-8", "surrogateescape")), "|", *parts, "--data-binary @-"])


def _printed(body: bytes) -> str:
    """The command that prints these bytes: a terminal would take control characters for keys, and an argument can hold
    neither NUL nor what is very long.
    """
    escaped = (chr(byte) if byte in _PLAIN_BYTES else f"\\0{byte:03o}" for byte in body)
    return f"printf %b '{''.join(escaped)}'"


def _sent(entry: Entry, hide: _Hider, name: str, value: str, known: Collection[str]) -> str:
    """One header as a word of a shell's command line."""
    if name not in _KEY_HEADERS:
        return _quoted(f"{name}: {hide.header(name, value)}")
    scheme, secret = _credential(value)
    if secret in known:
        return _quoted(f"{name}: {value}")
    return f'"{name}: {scheme}${entry.api.upper()}_KEY"'


def _credential(value: str) -> tuple[str, str]:
    """What stands before the secret in a header, with the space, and the secret."""
    scheme, space, secret = value.partition(" ")
    return (scheme + space, secret) if space and scheme.lower() in {"bearer", "basic"} else ("", value)


def _quoted(text: str) -> str:
    """One word of a shell's command line."""
    return "'" + text.replace("'", "'\\''") + "'"


def secret_headers(contract: Contract) -> frozenset[str]:
    """The names of the headers of this API that carry a secret, in lower case."""
    return _SECRET_HEADERS | {scheme.header.lower() for scheme in contract.security.values()}


class _Hider:
    """Hides what is secret in one exchange: by the name of what holds it, by its value, and by its form."""

    def __init__(self, names: Collection[str], values: Collection[str]) -> None:
        self._names = names
        self._values = values

    @classmethod
    def of(cls, entry: Entry) -> Self:
        names = secret_headers(entry.contract)
        values = {
            part
            for name, value in entry.headers
            if name.decode("latin-1") in names
            for part in value.decode("latin-1").split()
            if len(part) > _SHOWN_CHARACTERS and part.lower() != "bearer"
        }
        return cls(names, values)

    def text(self, text: str) -> str:
        """`text` without the secrets that the request carried, and without anything of a secret's form."""
        for value in self._values:
            text = text.replace(value, redacted(value))
        return _SECRET_FORMS.sub(lambda match: redacted(match[1]), text)

    def query(self, query: str) -> str:
        pairs = parse_qsl(query[:20_000], keep_blank_values=True, encoding="utf-8", errors="replace")
        if not any(_SECRET_NAMES.search(name) for name, _ in pairs):
            return self.text(query)
        told = self.text(urlencode([(name, self._member(name, value)) for name, value in pairs]))
        return told.replace(quote("…"), "…")

    def headers(self, pairs: Any) -> list[list[str]]:
        return [
            [key, self.header(key, value.decode("latin-1"))]
            for key, value in ((name.decode("latin-1"), value) for name, value in pairs)
        ]

    def header(self, name: str, value: str) -> str:
        if name not in self._names and not _SECRET_NAMES.search(name):
            return self.text(value)
        scheme, secret = _credential(value)
        return scheme + redacted(secret)

    def raw(self, raw: bytes) -> str:
        """The body but for secrets: the same JSON, or the same text, whose bytes that are no UTF-8 are surrogates."""
        told = self.body(raw)
        if told["text"] is None:
            return json.dumps(told["json"], ensure_ascii=False)
        return self.text(raw.decode("utf-8", "surrogateescape"))

    def body(self, raw: bytes) -> dict[str, Any]:
        """`json` where it is JSON, else `text`; both null where there was none."""
        if not raw:
            return {"json": None, "text": None}
        try:
            parsed = json.loads(raw, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return {"json": None, "text": self.text(raw.decode("utf-8", "backslashreplace"))}
        return {"json": self.value(parsed), "text": None}

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value).encode("utf-8", "backslashreplace").decode()
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if isinstance(value, Mapping):
            return {self.value(name): self._member(name, each) for name, each in value.items()}
        return value

    def _member(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and _SECRET_NAMES.search(name):
            return redacted(value)
        return self.value(value)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
