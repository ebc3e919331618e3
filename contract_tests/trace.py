"""What was sent while a rule was tried, told again as curl lines that hold no secret."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from .target import Credential
from .wire import Exchange, Request

_SHOWN = 40
_UNSAFE = re.compile(r"[^A-Z0-9]+")
_ISSUED_SECRET = re.compile(r"(?:mega_)?whsec_[A-Za-z0-9+/=_-]{6,}")
_LONG_BODY = 4000
_PLAIN_BYTES = frozenset(range(32, 127)) - frozenset(b"'\\")
# Words with a digit, long enough not to be the same by chance.
_NAME = re.compile(r"(?=[A-Za-z_.@+-]*\d)[\w.@+-]{7,}")
_MOMENT = re.compile(r"20\d\d-\d\d-\d\dT")
_FEW, _USUAL = 6, 0.6


class Secrets:
    """The credentials of a target, each under the name of a shell variable."""

    def __init__(self, credentials: Iterable[Credential]) -> None:
        self._names = {one.secret: _UNSAFE.sub("_", f"{one.name}_KEY".upper()) for one in credentials}

    def hide(self, text: str) -> str:
        """The text with each secret replaced by its variable."""
        for secret in sorted(self._names, key=len, reverse=True):
            text = text.replace(secret, f"${self._names[secret]}")
        return _ISSUED_SECRET.sub("$WEBHOOK_SECRET", text)

    def variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._names.values()))

    def quoted(self, text: str) -> str:
        """A shell word: in double quotes where a variable is to be put in, or else as it stands."""
        hidden = self.hide(text)
        if hidden == text:
            return shlex.quote(text)
        for character in '\\"`':
            hidden = hidden.replace(character, "\\" + character)
        return f'"{hidden}"'


def curl(request: Request, secrets: Secrets) -> str:
    """One line that sends the request again, to the origin in the variable URL."""
    words = ["curl -sS -i"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != "GET" or request.body is not None:
        words.append(f"-X {shlex.quote(request.method)}")
    words.append(f'"$URL"{shlex.quote(request.path)}')
    words += [f"-H {secrets.quoted(f'{name}: {value}' if value else f'{name};')}" for name, value in request.headers]
    body = request.body
    if body is None:
        return " ".join(words)
    if len(body) > _LONG_BODY:
        told = f"{len(body)} bytes, beginning {secrets.hide(body[:80].decode('utf-8', 'replace'))}"
        return " ".join([*words, f"--data-binary @body  # {told}"])
    text = body.decode("utf-8", "surrogateescape")
    if text.isprintable():
        return " ".join([*words, f"--data-raw {secrets.quoted(text)}"])
    return " ".join([_printed(secrets.hide(text)), "|", *words, "--data-binary @-"])


def _printed(text: str) -> str:
    """The command that prints this text, in any POSIX shell: no argument can hold a NUL, and a terminal takes control
    characters for keys.
    """
    encoded = text.encode("utf-8", "surrogateescape")
    escaped = (chr(byte) if byte in _PLAIN_BYTES else f"\\0{byte:03o}" for byte in encoded)
    return f"printf %b '{''.join(escaped)}'"


@dataclass(slots=True)
class Trace:
    """The exchanges of the rule, or of the example, that is being tried.

    `count` and `created`, the successful POSTs by path, go on for the whole run.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    count: int = 0
    created: Counter[str] = field(default_factory=Counter)

    def add(self, exchanges: Sequence[Exchange]) -> None:
        self.exchanges.extend(exchanges)
        self.count += len(exchanges)
        for one in exchanges:
            if one.request.method == "POST" and one.answer.ok:
                self.created[f"POST {one.request.path.partition('?')[0]}"] += 1

    def clear(self) -> None:
        self.exchanges = []

    def curl(self, secrets: Secrets) -> tuple[str, ...]:
        """The last request and those that it follows from, each with a comment that says what came back."""
        related = _related(self.exchanges, secrets)
        shown = related[-_SHOWN:]
        left_out = len(related) - len(shown)
        head = (f"# {left_out} earlier requests are left out",) if left_out else ()
        lines = (f"{curl(one.request, secrets)}  # {secrets.hide(_short(str(one.answer)))}" for one in shown)
        return (*head, *lines)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:160]}…"


def _related(exchanges: Sequence[Exchange], secrets: Secrets) -> list[Exchange]:
    """The last exchange, and those before that have a name, key or id in common with it, or with another of these."""
    if not exchanges:
        return []
    names = [_names(one, secrets) for one in exchanges]
    times = Counter(name for some in names for name in some)
    # What nearly every exchange has, such as the id of the tenant, relates nothing.
    common = {name for name, number in times.items() if len(exchanges) > _FEW and number > _USUAL * len(exchanges)}
    wanted = names[-1] - common
    kept = [exchanges[-1]]
    for exchange, own in zip(reversed(exchanges[:-1]), reversed(names[:-1]), strict=True):
        if own & wanted:
            wanted |= own - common
            kept.append(exchange)
    return kept[::-1]


def _names(exchange: Exchange, secrets: Secrets) -> set[str]:
    """What looks like an id, a key, an email or a phone in a request and its answer."""
    request = exchange.request
    keys = [value for name, value in request.headers if name.lower() == "idempotency-key"]
    body = (request.body or b"")[:_LONG_BODY].decode("utf-8", "replace")
    text = " ".join(
        (unquote_plus(request.path), body, *keys, exchange.answer.body[:_LONG_BODY].decode("utf-8", "replace"))
    )
    return {word for word in _NAME.findall(secrets.hide(text)) if not _MOMENT.match(word)}
