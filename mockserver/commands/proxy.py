"""`leadmock proxy`, and `leadmock serve --replay`, which serves what the proxy has recorded."""

from __future__ import annotations

import argparse
import re
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from mockserver import __version__
from mockserver.commands.suite import suite
from mockserver.console import replaying, request_log
from mockserver.contract import AVAILABLE, Contract, load
from mockserver.listening import Server, config, listen, origin_of, run
from mockserver.proxy.app import Proxy
from mockserver.proxy.recording import RecordingError
from mockserver.proxy.replay import Replay
from mockserver.proxy.report import Reporter
from mockserver.proxy.session import Session, Wanted
from mockserver.proxy.upstream import Upstream
from mockserver.usage import UsageError

_MOST_SECONDS = 600
_HOST = re.compile(r"[a-z0-9._:%-]+\Z")  # of an address too
_WORKED_OUT = ("database", "plan", "no_rate_limits", "unlimited", "control_token")


def add_proxy(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
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
    parser.set_defaults(run=_proxy)


def _proxy(options: argparse.Namespace) -> int:
    """Stand between until Ctrl-C, then tell what was seen."""
    contract = _contract_of(options)
    upstream = _upstream_of(options, contract)
    reporter = Reporter(suite)
    listener = listen(options.host, options.port)
    try:
        session = Session(contract, _wanted_of(options), reporter.cite)
    except RecordingError as error:
        listener.close()
        raise UsageError(str(error)) from None
    greeting = _greeting(contract, options, origin_of(options.host, listener), __version__)
    app = Proxy(contract, upstream, session, on_ready=lambda: print(greeting, flush=True))
    try:
        # Its own Date header would come beside that of the API.
        if not run(Server(config(app, date_header=False)), listener):
            return 2
    finally:
        session.close()
    result = reporter.result(session, upstream.url)
    print(reporter.told(result))
    for path in reporter.write(result, junit=options.junit, json=options.json, html=options.html):
        print(f"Written: {path}")
    print(_ending(session))
    return _verdict(session)


def replay(options: argparse.Namespace) -> int:
    """Serve the recorded exchanges of `options.replay` until Ctrl-C."""
    for name in _WORKED_OUT:
        if getattr(options, name):
            raise UsageError(f"--{name.replace('_', '-')}: has no meaning with --replay, where nothing is worked out")
    if options.workers > 1:
        raise UsageError("--workers: has no meaning with --replay, whose answers come in the order of the recording")
    observe = None if options.log == "off" else request_log(options.log)
    try:
        app = Replay(options.replay, apis=options.api or (), observe=observe, on_ready=lambda: print(told, flush=True))
    except RecordingError as error:
        raise UsageError(str(error)) from None
    listener = listen(options.host, options.port)
    origin = origin_of(options.host, listener)
    told = replaying(origin, app.contracts, f"{options.replay}, {app.count} exchanges", __version__)
    # An answer has the Date that it had.
    if not run(Server(config(app, date_header=False)), listener):
        return 2
    print("leadmock stopped")
    return 0


def _contract_of(options: argparse.Namespace) -> Contract:
    """The contract that is asked for. Raises UsageError."""
    if options.api not in AVAILABLE:
        near = get_close_matches(options.api.lower(), AVAILABLE, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(AVAILABLE)}"
        raise UsageError(f"{options.api}: there is no such API; {hint}")
    for path in filter(None, (options.record, options.junit, options.json, options.html)):
        if not path.parent.is_dir():
            raise UsageError(f"{path}: cannot be written: there is no folder {path.parent}")
    if options.append and options.record is None:
        raise UsageError("--append: says where to go on only with --record FILE")
    return load(options.api)


def _upstream_of(options: argparse.Namespace, contract: Contract) -> Upstream:
    """Where requests are handed on to. Raises UsageError."""
    url: str = options.upstream
    place = f"--upstream {url}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{place}: is no address ({error}); such as https://{contract.host}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise UsageError(f"{place}: must be an http:// or https:// address, such as https://{contract.host}")
    if not _HOST.match(parts.hostname):
        raise UsageError(f"{place}: {parts.hostname!r} is the name of no host; such as https://{contract.host}")
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(f"{place}: must be an address alone; credentials are the client's own to send")
    if not 0 < options.timeout <= _MOST_SECONDS:
        raise UsageError(f"--timeout {options.timeout:g}: must be above 0 and at most {_MOST_SECONDS}")
    # The address as the documents write it: requests have the API's own path already.
    origin = url.rstrip("/").removesuffix(contract.base_path)
    return Upstream(origin, insecure=options.insecure, seconds=options.timeout)


def _wanted_of(options: argparse.Namespace) -> Wanted:
    """What to judge, tell and keep."""
    return Wanted(options.strict, options.only, options.verbose, options.record, options.append)


def _greeting(contract: Contract, options: argparse.Namespace, origin: str, version: str) -> str:
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


def _ending(session: Session) -> str:
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


def _verdict(session: Session) -> int:
    """The exit status: 0 no deviation, 1 some, 2 if the API never answered."""
    if session.ledger.failed and session.ledger.failed == session.ledger.exchanges:
        return 2
    return 1 if session.ledger.deviations else 0
