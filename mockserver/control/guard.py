"""Who may call the control plane: this machine, or whoever has the token; no foreign page, no webhook of ours."""

from __future__ import annotations

import hmac
import ipaddress
import re

from starlette.datastructures import Headers

from mockserver.control.call import Problem
from mockserver.engine.courier import is_delivery
from mockserver.settings import Settings

_HOST = re.compile(r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::[0-9]{1,5})?\Z")


def check(settings: Settings, headers: Headers, *, is_open: bool) -> None:
    """Let a call pass, or raise Problem 401 or 403. `is_open`: it needs no token."""
    _check_sender(headers)
    if len(headers.getlist("host")) > 1:
        raise Problem(403, "Host is given more than once; send it once")
    _check_origin(headers)
    if settings.control_token is None:
        _check_host(headers.get("host", ""))
    elif not is_open:
        _check_token(settings.control_token, headers.get("authorization", ""))


def _check_token(token: str, given: str) -> None:
    scheme, _, secret = given.partition(" ")
    same = hmac.compare_digest(secret.strip().encode("utf-8", "surrogateescape"), token.encode())
    if scheme.lower() != "bearer" or not same:
        text = "this server demands the control token that it told at start; send it as Authorization: Bearer <token>"
        raise Problem(401, text, (), {"WWW-Authenticate": "Bearer"})


def _check_sender(headers: Headers) -> None:
    """Who has no more than a key of an API can have a webhook sent here, from this very machine."""
    if any(is_delivery(agent) for agent in headers.getlist("user-agent")):
        raise Problem(403, "the control plane takes no webhooks; register another URL")


def _check_origin(headers: Headers) -> None:
    """A browser says for which page it asks. Only a page of this very server may."""
    if any(site not in {"same-origin", "none"} for site in headers.getlist("sec-fetch-site")):
        raise Problem(403, "the control plane may not be called by a page from elsewhere; use it from its own page")
    for origin in headers.getlist("origin"):
        # The scheme may be that of a proxy in between. What is no address is nobody's own.
        if origin.lower().partition("://")[2] != headers.get("host", "").lower():
            text = (
                f"the control plane may not be called from {origin[:100]};"
                " use it from its own page, or without a browser"
            )
            raise Problem(403, text)


def _check_host(host: str) -> None:
    """A name that anybody may have pointed here (DNS rebinding) is none to trust; plain addresses cannot be rebound."""
    match = _HOST.match(host)
    name = "" if match is None else (match["address"] or match["name"]).lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost") or _is_address(name):
        return
    text = (
        f"the control plane does not answer to the name {host[:100]!r}; call it as localhost or 127.0.0.1,"
        " or start the server with --control-token"
    )
    raise Problem(403, text)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
