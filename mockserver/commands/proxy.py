"""`leadmock proxy`, and `leadmock serve --replay`, which serves what the proxy has recorded."""

from __future__ import annotations

import argparse

import uvicorn

from mockserver import __version__
from mockserver.commands.suite import suite
from mockserver.console import replaying, request_log
from mockserver.listening import config, listen, origin_of, run
from mockserver.proxy import command
from mockserver.proxy.app import Proxy
from mockserver.proxy.recording import RecordingError
from mockserver.proxy.replay import Replay
from mockserver.proxy.report import Reporter
from mockserver.proxy.session import Session
from mockserver.usage import UsageError

_WORKED_OUT = ("database", "plan", "no_rate_limits", "unlimited", "control_token")


def add_proxy(parser: argparse.ArgumentParser) -> None:
    command.add_options(parser.add_argument)
    parser.set_defaults(run=_proxy)


def _proxy(options: argparse.Namespace) -> int:
    """Stand between until Ctrl-C, then tell what was seen."""
    try:
        contract = command.contract_of(options)
        upstream = command.upstream_of(options, contract)
        reporter = Reporter(suite)
    except command.ProxyError as error:
        raise UsageError(str(error)) from None
    listener = listen(options.host, options.port)
    try:
        session = Session(contract, command.wanted_of(options), reporter.cite)
    except RecordingError as error:
        listener.close()
        raise UsageError(str(error)) from None
    greeting = command.greeting(contract, options, origin_of(options.host, listener), __version__)
    app = Proxy(contract, upstream, session, on_ready=lambda: print(greeting, flush=True))
    try:
        # Its own Date header would come beside that of the API.
        if not run(uvicorn.Server(config(app, date_header=False)), listener):
            return 2
    finally:
        session.close()
    result = reporter.result(session, upstream.url)
    print(reporter.told(result))
    for path in reporter.write(result, junit=options.junit, json=options.json, html=options.html):
        print(f"Written: {path}")
    print(command.ending(session))
    return command.verdict(session)


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
    if not run(uvicorn.Server(config(app, date_header=False)), listener):
        return 2
    print("leadmock stopped")
    return 0
