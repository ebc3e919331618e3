"""What is tried: where it listens, the credentials it may be tried with, and what is known of its world."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mockserver.contract import AVAILABLE

LIMITS = ("per_minute", "per_hour", "bulk_per_minute", "max_leads")
_SECRETS = ("token", "api_key")
_OF_CREDENTIAL = ("name", *_SECRETS, "tenant", "scopes", "unlimited", "limits")
_OF_API = ("url", "credentials", "facts")
_OF_WEBHOOKS = ("listen", "url_host")


class TargetError(Exception):
    """The target cannot be tried as described: the text names the file, the place and the way out."""


@dataclass(frozen=True, slots=True)
class Credential:
    """`scopes` is None where nothing is said of them: it then has all. `limits` are those that hold for it."""

    name: str
    secret: str
    tenant: str = ""
    scopes: frozenset[str] | None = None
    unlimited: bool = False
    limits: Mapping[str, int] = field(default_factory=dict)

    def may(self, scopes: Sequence[str]) -> bool:
        return self.scopes is None or self.scopes.issuperset(scopes)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where deliveries are awaited: the address bound, and the name that the target reaches it by."""

    host: str = "127.0.0.1"
    port: int = 0
    url_host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Target:
    """One implementation of one API: at `url`, which stands in for the vendor's origin, or `app`, in process.

    `app` is an ASGI application, or, where `wsgi` is set, a WSGI one, which is then served on a loopback port.
    The first credential is the main one.
    """

    api: str
    credentials: tuple[Credential, ...]
    url: str = ""
    app: Any = None
    wsgi: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    webhooks: Listening | None = None

    @property
    def name(self) -> str:
        """How reports call it."""
        return self.url or f"{type(self.app).__name__} in process"


def load(path: Path, api: str) -> Target:
    """The target of one API from a TOML file. Raises TargetError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TargetError(
            f"{path}: there is no such file; write one with a [{api}] table, or leave --target out"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path}: is not valid TOML: {error}") from None
    return read(document, api, str(path))


def read(document: Mapping[str, Any], api: str, place: str = "target") -> Target:
    """The same from a parsed document; `place` is what errors call it."""
    _known(document, (*AVAILABLE, "webhooks"), place)
    table = document.get(api)
    if not isinstance(table, dict):
        said = ", ".join(name for name in AVAILABLE if name in document) or "none"
        raise TargetError(
            f"{place}: has no [{api}] table (of the APIs, it has {said}); add one with url and credentials"
        )
    _known(table, _OF_API, f"{place}: {api}")
    url = table.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise TargetError(f"{place}: {api}.url: must be an http:// or https:// address, not {url!r}")
    given = table.get("credentials", [])
    if not isinstance(given, list) or not given:
        raise TargetError(f"{place}: {api}.credentials: at least one is needed, as [[{api}.credentials]]")
    credentials = tuple(_credential(value, f"{place}: {api}.credentials[{at}]", at) for at, value in enumerate(given))
    facts = table.get("facts", {})
    if not isinstance(facts, dict):
        raise TargetError(f"{place}: {api}.facts: must be a table, not {facts!r}")
    return Target(api, credentials, url.rstrip("/"), facts=facts, webhooks=_webhooks(document.get("webhooks"), place))


def _credential(value: Any, place: str, at: int) -> Credential:
    if not isinstance(value, dict):
        raise TargetError(f"{place}: must be a table, not {value!r}")
    _known(value, _OF_CREDENTIAL, place)
    secrets = [value[name] for name in _SECRETS if name in value]
    if len(secrets) != 1 or not isinstance(secrets[0], str) or not secrets[0]:
        raise TargetError(f"{place}: needs one of {' and '.join(_SECRETS)}, a text")
    limits = value.get("limits", {})
    if not isinstance(limits, dict):
        raise TargetError(f"{place}.limits: must be a table such as {{per_minute = 60}}, not {limits!r}")
    _known(limits, LIMITS, f"{place}.limits")
    for name, number in limits.items():
        if type(number) is not int or number < 1:
            raise TargetError(f"{place}.limits.{name}: must be a whole number above 0, not {number!r}")
    scopes = value.get("scopes")
    if scopes is not None and not (isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes)):
        raise TargetError(f"{place}.scopes: must be a list of texts, not {scopes!r}")
    name, tenant, unlimited = value.get("name", f"key {at + 1}"), value.get("tenant", ""), value.get("unlimited", False)
    if not isinstance(name, str) or not isinstance(tenant, str) or not isinstance(unlimited, bool):
        raise TargetError(f"{place}: name and tenant must be texts, unlimited must be true or false")
    return Credential(name, secrets[0], tenant, None if scopes is None else frozenset(scopes), unlimited, limits)


def _webhooks(value: Any, place: str) -> Listening | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TargetError(f"{place}: webhooks: must be a table with listen and url_host, not {value!r}")
    _known(value, _OF_WEBHOOKS, f"{place}: webhooks")
    host, colon, port = str(value.get("listen", "127.0.0.1:0")).rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise TargetError(f"{place}: webhooks.listen: must be HOST:PORT, such as 127.0.0.1:0, not {value['listen']!r}")
    return Listening(host.strip("[]"), int(port), str(value.get("url_host", host)))


def _known(table: Mapping[str, Any], names: Sequence[str], place: str) -> None:
    for name in table:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
            raise TargetError(f"{place}: {name!r} is not known; {hint}")
