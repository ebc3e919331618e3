"""Secrets out of what is kept and shown: credentials, passwords, webhook secrets, tokens in addresses.

Equal secrets have equal placeholders, `<redacted-1>`, `<redacted-2>` and so on, in the order in which they are met.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from mockserver.contract.model import Contract
from mockserver.proxy.exchange import Answer, Exchange, Headers, Request, UnreadableError, unpacked

PLACEHOLDER = re.compile(r"<redacted-\d+>")

_SECRET_HEADERS = frozenset(
    ("authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-auth-token")
)
_SCHEMES = frozenset(("bearer", "basic", "token", "digest"))
# Every repetition below is bounded, or stops at a character that it begins with: bodies may have megabytes.
_SECRET_NAME = re.compile(r"(?:secret|token|passwor[dt]|passphrase|apikey|privatekey|authorization|credential)s?\Z")
_NAMED_IN_ADDRESS = re.compile(
    r"([?&;](?:[\w.%-]{0,64}(?:token|secret|password|key|signature|auth|credential)|sig|pwd|code)=)([^&;#\s\"'<>]+)",
    re.IGNORECASE,
)
_IN_USERINFO = re.compile(r"(://[^/\s:@\"]*:)([^/\s@\"]+)(?=@)")
_NAMED_IN_TEXT = re.compile(
    r"(\"[\w-]{0,64}(?:secret|token|password|api[_-]?key)\"\s*:\s*\")((?:[^\"\\]|\\.)+)", re.IGNORECASE
)
_NAMED_IN_FORM = re.compile(r"((?:^|&)[\w.%-]{0,64}(?:secret|token|password|key)=)([^&\s]+)", re.IGNORECASE)
_WEBHOOK_SECRET = re.compile(r"(?:mega_)?whsec_[A-Za-z0-9+/=_-]{6,}")
# A shorter one may be in any text by chance.
_TELLING_LENGTH = 8


class Redactor:
    """Knows the secrets that it has met. Not to be shared between recordings."""

    def __init__(self, contract: Contract | None = None, *, first: int = 1) -> None:
        schemes = () if contract is None else tuple(contract.security.values())
        self._headers = _SECRET_HEADERS | {scheme.header.lower() for scheme in schemes}
        forms = [scheme.pattern.removeprefix("^").removesuffix("$") for scheme in schemes if scheme.pattern]
        self._forms = [_WEBHOOK_SECRET, *(re.compile(f"(?<![A-Za-z0-9_])(?:{form})") for form in forms)]
        self._placeholders: dict[str, str] = {}
        self._known: dict[str, str] = {}  # What is looked for in texts, the longest first.
        self._next = first

    def placeholder(self, secret: str) -> str:
        """What stands for a secret."""
        if PLACEHOLDER.fullmatch(secret):
            return secret
        if secret not in self._placeholders:
            self._placeholders[secret] = f"<redacted-{self._next}>"
            self._next += 1
            self._know(secret, self._placeholders[secret])
        return self._placeholders[secret]

    def _know(self, secret: str, placeholder: str) -> None:
        """Look for a secret from now on, also as an address spells it."""
        for form in (secret, unquote(secret), quote(secret, errors="replace"), quote(secret, "", errors="replace")):
            if len(form) >= _TELLING_LENGTH:
                self._known.setdefault(form, placeholder)
        self._known = dict(sorted(self._known.items(), key=lambda pair: -len(pair[0])))

    def exchange(self, one: Exchange) -> Exchange:
        """The exchange without its secrets; bodies are unpacked, where that is possible, and say so no longer."""
        request, answer = one.request, one.answer
        # Headers first: what is a secret there is one in a body too.
        answered = None if answer is None else self._of_headers(answer.headers)
        request = self.request(request)
        if answer is not None and answered is not None:
            answer = Answer(answer.status, *self._of_body(answered, answer.body))
        # What was met last may stand in what was read first.
        target, headers = self.text(request.target), self._known_of(request.headers)
        request = replace(request, target=target, headers=headers, body=self._known_in(request.body))
        if answer is not None:
            answer = replace(answer, headers=self._known_of(answer.headers))
        return replace(one, request=request, answer=answer, failure=self.text(one.failure))

    def request(self, one: Request) -> Request:
        """The request without its secrets."""
        headers, body = self._of_body(self._of_headers(one.headers), one.body)
        return Request(one.method, self.text(one.target), headers, body)

    def text(self, text: str) -> str:
        """The text without what is known, or looks like, a secret."""
        for pattern in (_NAMED_IN_ADDRESS, _IN_USERINFO, _NAMED_IN_TEXT):
            text = pattern.sub(lambda found: found[1] + self.placeholder(found[2]), text)
        for form in self._forms:
            text = form.sub(lambda found: self.placeholder(found[0]), text)
        for secret, placeholder in self._known.items():
            if secret in text:
                text = text.replace(secret, placeholder)
        return text

    def _of_headers(self, headers: Headers) -> Headers:
        for name, value in headers:
            if self._hides(name) and value:
                self._of_header(value)
        return tuple(
            (name, self._of_header(value) if self._hides(name) and value else self.text(value))
            for name, value in headers
        )

    def _hides(self, name: str) -> bool:
        return name.lower() in self._headers or _is_secret(name)

    def _known_of(self, headers: Headers) -> Headers:
        return tuple((name, self.text(value)) for name, value in headers)

    def _of_header(self, value: str) -> str:
        word, space, secret = value.partition(" ")
        if space and secret.strip() and word.lower() in _SCHEMES:
            return f"{word} {self.placeholder(secret.strip())}"
        if space:  # A scheme that nobody knows.
            self._know(value.rpartition(" ")[2], self.placeholder(value))
        return self.placeholder(value)

    def _of_body(self, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        kept = tuple(
            (name, value) for name, value in headers if name.lower() not in {"content-encoding", "content-length"}
        )
        if not body:
            return kept, body
        try:
            plain = unpacked(headers, body)
        except UnreadableError as error:
            # Nobody can tell what is in it.
            return kept, f"<not recorded: {error}>".encode()
        encoding = json.detect_encoding(plain)
        try:
            text = plain.decode(encoding)
        except UnicodeDecodeError:
            text = self._of_plain(plain.decode("utf-8", "surrogateescape"))
            return kept, text.encode("utf-8", "surrogateescape")
        hidden = self._of_text(text)
        return kept, self._known_in(plain if hidden == text else hidden.encode(encoding, "surrogatepass"))

    def _of_text(self, text: str) -> str:
        """A body in JSON keeps its form, and its very bytes if there is no secret in it."""
        try:
            value = json.loads(text, object_pairs_hook=_each_once)
            hidden = self._of_json(value)
            return text if hidden == value else json.dumps(hidden, ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            return self._of_plain(text)

    def _of_plain(self, text: str) -> str:
        return self.text(_NAMED_IN_FORM.sub(lambda found: found[1] + self.placeholder(found[2]), text))

    def _of_json(self, value: Any, *, secret: bool = False) -> Any:
        if isinstance(value, dict):
            return {
                self.text(name): self._of_json(one, secret=secret or _is_secret(name)) for name, one in value.items()
            }
        if isinstance(value, list):
            return [self._of_json(one, secret=secret) for one in value]
        if isinstance(value, str) and value:
            return self.placeholder(value) if secret else self.text(value)
        return value

    def _known_in(self, body: bytes) -> bytes:
        for secret, placeholder in self._known.items():
            body = body.replace(secret.encode("utf-8", "surrogatepass"), placeholder.encode())
        return body


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """ValueError where a name comes twice: only one value would be looked at."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(re.sub(r"[^a-z]", "", name.lower())))
