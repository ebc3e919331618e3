"""The options of `leadmock proxy`, and what they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mockserver.contract import AVAILABLE, Contract, load
from mockserver.proxy.session import Session, Wanted
from mockserver.proxy.upstream import Upstream

_MOST_SECONDS = 600


class ProxyError(Exception):
    """The proxy cannot do what it is asked; the text says why and what to do."""


def add_options(add: Callable[..., Any]) -> None:
    """The options of the command."""
    add("api", metavar="API", help=f"the contract: {', '.join(AVAILABLE)}")
    add("--upstream", metavar="URL", required=True, help="origin of the real API, such as https://app.gomega.ai")
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine only)")
    add("--port", type=int, default=8081, help="port to listen on; 0 takes a free one (default: 8081)")
    add("--insecure", action="store_true", help="do not verify the certificate of the API")
    add("--timeout", type=float, default=30.0, metavar="SECONDS", help="what the API has for an answer (default: 30)")
    add("--strict", action="store_true", help="hold both to what is assumed too, where the vendor is silent")
    add("--only", choices=("client", "api"), help="judge your client only, or the API only (default: both)")
    add("--verbose", action="store_true", help="a line for every exchange, not only for deviations")
    add("--record", type=Path, metavar="FILE", help="keep each exchange in this file, without secrets")
    add("--append", action="store_true", help="with --record: go on at the end of a file that is there")
    add("--junit", type=Path, metavar="FILE", help="write the verdicts as JUnit XML at the end")
    add("--json", type=Path, metavar="FILE", help="write the verdicts as JSON at the end")
    add("--html", type=Path, metavar="FILE", help="write a page for people at the end")


def contract_of(options: argparse.Namespace) -> Contract:
    """The contract that is asked for. Raises ProxyError."""
    if options.api not in AVAILABLE:
        near = get_close_matches(options.api.lower(), AVAILABLE, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(AVAILABLE)}"
        raise ProxyError(f"{options.api}: there is no such API; {hint}")
    for path in filter(None, (options.record, options.junit, options.json, options.html)):
        if not path.parent.is_dir():
            raise ProxyError(f"{path}: cannot be written: there is no folder {path.parent}")
    if options.append and options.record is None:
        raise ProxyError("--append: says where to go on only with --record FILE")
    return load(options.api)


def upstream_of(options: argparse.Namespace, contract: Contract) -> Upstream:
    """Where requests are handed on to. Raises ProxyError."""
    url: str = options.upstream
    place = f"--upstream {url}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ProxyError(f"{place}: is no address ({error}); such as https://{contract.host}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ProxyError(f"{place}: must be an http:// or https:// address, such as https://{contract.host}")
    if parts.username is not None or parts.query or parts.fragment:
        raise ProxyError(f"{place}: must be an address alone; credentials are the client's own to send")
    if not 0 < options.timeout <= _MOST_SECONDS:
        raise ProxyError(f"--timeout {options.timeout:g}: must be above 0 and at most {_MOST_SECONDS}")
    # The address as the documents write it: requests have the API's own path already.
    origin = url.rstrip("/").removesuffix(contract.base_path)
    return Upstream(origin, insecure=options.insecure, seconds=options.timeout)


def wanted_of(options: argparse.Namespace) -> Wanted:
    """What to judge, tell and keep."""
    return Wanted(options.strict, options.only, options.verbose, options.record, options.append)


def greeting(contract: Contract, options: argparse.Namespace, origin: str, version: str) -> str:
    """What a newcomer needs: where to send requests, and what becomes of them."""
    strictly = "all of the contract, what is assumed too" if options.strict else "what the vendor says"
    lines = [
        f"leadmock {version} on {origin}  (proxy; Ctrl-C ends it and tells the verdicts)",
        "",
        f"{contract.title}  {origin}{contract.base_path}  ->  {options.upstream}",
        f"  held to  {strictly}",
    ]
    if options.insecure:
        lines.append("  the certificate of the API is not verified (--insecure)")
    if options.record is not None:
        lines.append(f"  records  {options.record}, without secrets")
    return "\n".join([*lines, "", "Ready."])


def ending(session: Session) -> str:
    """What the table of verdicts does not say."""
    ledger, lines = session.ledger, []
    by_side = ledger.deviations
    if ledger.outside:
        lines.append(f"Handed on and not judged, since outside of {session.contract.base_path}: {ledger.outside}")
    if ledger.failed:
        lines.append(f"Not answered by the API: {ledger.failed}")
    if session.recorder is not None:
        lines.append(f"Recorded: {session.recorder.count} in {session.recorder.path}")
    lines.append(f"Deviations of your client: {by_side['client']}; of the API: {by_side['api']}")
    return "\n".join(lines)


def verdict(session: Session) -> int:
    """The exit status: 0 no deviation, 1 some, 2 if the API never answered."""
    if session.ledger.failed and session.ledger.failed == session.ledger.exchanges:
        return 2
    return 1 if session.ledger.deviations else 0
