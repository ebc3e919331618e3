"""Secrets out of what is kept and shown: credentials, passwords, webhook secrets, tokens in addresses.

Equal secrets have equal placeholders, `<redacted-1>`, `<redacted-2>` and so on, in the order in which they are met.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

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
        self._next = first

    def placeholder(self, secret: str) -> str:
        """What stands for a secret."""
        if PLACEHOLDER.fullmatch(secret):
            return secret
        if secret not in self._placeholders:
            self._placeholders[secret] = f"<redacted-{self._next}>"
            self._next += 1
        return self._placeholders[secret]

    def exchange(self, one: Exchange) -> Exchange:
        """The exchange without its secrets; bodies are unpacked, where that is possible, and say so no longer."""
        request, answer = one.request, one.answer
        # Headers first: what is a secret there is one in a body too.
        answered = None if answer is None else self._of_headers(answer.headers)
        request = self.request(request)
        if answer is not None and answered is not None:
            answer = Answer(answer.status, *self._of_body(answered, answer.body))
        # The answer may have told what the request held already.
        request = replace(request, target=self.text(request.target), body=self._known_in(request.body))
        return replace(one, request=request, answer=answer, failure=self.text(one.failure))

    def request(self, one: Request) -> Request:
        """The request without its secrets."""
        headers, body = self._of_body(self._of_headers(one.headers), one.body)
        return Request(one.method, self.text(one.target), headers, body)

    def text(self, text: str) -> str:
        """The text without what is known, or looks like, a secret."""
        for pattern in (_NAMED_IN_ADDRESS, _IN_USERINFO):
            text = pattern.sub(lambda found: found[1] + self.placeholder(found[2]), text)
        for form in self._forms:
            text = form.sub(lambda found: self.placeholder(found[0]), text)
        for secret, placeholder in self._placeholders.items():
            if len(secret) >= _TELLING_LENGTH and secret in text:
                text = text.replace(secret, placeholder)
        return text

    def _of_headers(self, headers: Headers) -> Headers:
        for name, value in headers:
            if name.lower() in self._headers and value:
                self._of_header(value)
        return tuple(
            (name, self._of_header(value) if name.lower() in self._headers and value else self.text(value))
            for name, value in headers
        )

    def _of_header(self, value: str) -> str:
        word, space, secret = value.partition(" ")
        if space and secret.strip() and word.lower() in _SCHEMES:
            return f"{word} {self.placeholder(secret.strip())}"
        return self.placeholder(value)

    def _of_body(self, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        try:
            plain = unpacked(headers, body)
        except UnreadableError:
            return headers, self._known_in(body)
        kept = tuple(
            (name, value) for name, value in headers if name.lower() not in {"content-encoding", "content-length"}
        )
        try:
            text = plain.decode()
        except UnicodeDecodeError:
            return kept, self._known_in(plain)
        return kept, self._of_text(text).encode("utf-8", "surrogatepass")

    def _of_text(self, text: str) -> str:
        """A body in JSON keeps its form, and its very bytes if there is no secret in it."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            for pattern in (_NAMED_IN_TEXT, _NAMED_IN_FORM):
                text = pattern.sub(lambda found: found[1] + self.placeholder(found[2]), text)
            return self.text(text)
        hidden = self._of_json(value)
        return text if hidden == value else json.dumps(hidden, ensure_ascii=False, separators=(",", ":"))

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
        for secret, placeholder in self._placeholders.items():
            if len(secret) >= _TELLING_LENGTH:
                body = body.replace(secret.encode("utf-8", "surrogatepass"), placeholder.encode())
        return body


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(re.sub(r"[^a-z]", "", name.lower())))
