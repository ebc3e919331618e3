"""What the proxy saw, in the forms of `leadmock verify`: a table, JSON, JUnit XML, an HTML page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from mockserver.proxy.exchange import Exchange, Request
from mockserver.proxy.ledger import Entry
from mockserver.proxy.promises import SIDES
from mockserver.proxy.redaction import PLACEHOLDER
from mockserver.proxy.session import Session

#: Gives a module of the contract suite by its name, such as "report".
Suite = Callable[[str], ModuleType]

_NOT_SEEN = "nothing that passed put it to the test"
_SHORT = 160


class Reporter:
    """Tells a session by means of the suite's own report."""

    def __init__(self, suite: Suite) -> None:
        self._rule, self._report, self._trace = suite("rule"), suite("report"), suite("trace")
        self._wire, self._target, self._verify = suite("wire"), suite("target"), suite("verify")

    @property
    def cite(self) -> Callable[[Any], str]:
        """Tells a source in words."""
        cited: Callable[[Any], str] = self._report.cited
        return cited

    def result(self, session: Session, target: str) -> Any:
        """The session as a result of the suite."""
        shown = [one for entry in session.ledger for one in entry.shown.values()]
        secrets = self._secrets(shown)
        return self._report.Result(
            api=session.contract.name,
            title=session.contract.title,
            target=target,
            level="assumed" if session.wanted.strict else "vendor-page",
            seed=None,
            seconds=session.seconds,
            requests=session.ledger.exchanges,
            verdicts=tuple(self._verdict(session, entry, secrets) for entry in session.ledger),
            variables=secrets.variables(),
        )

    def told(self, result: Any) -> str:
        """For a terminal, without the operations that nobody called."""
        called = {one.rule.operation.id for one in result.verdicts if one.requests}
        shown = tuple(one for one in result.verdicts if one.rule.operation.id in called)
        text: str = self._report.told(replace(result, verdicts=shown))
        left_out = len(result.verdicts) - len(shown)
        return f"{text}\nPromises of operations that nobody called: {left_out}" if left_out else text

    def write(self, result: Any, *, junit: Path | None, json: Path | None, html: Path | None) -> list[Path]:
        """Write those that are asked for, and name them."""
        forms = ((self._report.write_junit, junit), (self._report.write_json, json), (self._report.write_html, html))
        for write, path in forms:
            if path is not None:
                write(result, path)
        return [path for _, path in forms if path is not None]

    def _verdict(self, session: Session, entry: Entry, secrets: Any) -> Any:
        promise = entry.promise
        rule = self._rule.Rule(
            id=promise.id,
            kind=promise.side,
            says=promise.says,
            source=promise.source,
            operation=promise.operation,
            attempt=_passed_by,
        )
        if not session.judge.holds(promise):
            return self._rule.Verdict(rule, "not-checked", self._verify.NOT_ASKED)
        if not entry.tested:
            return self._rule.Verdict(rule, "not-checked", _NOT_SEEN)
        if not entry.broken:
            return self._rule.Verdict(rule, "kept", requests=entry.tested)
        whose = SIDES[promise.side]
        detail = f"{whose}, {entry.broken} of {entry.tested} times: {'; '.join(entry.shown)}"
        curl = tuple(self._curl(one, secrets) for one in entry.shown.values())
        return self._rule.Verdict(rule, "broken", secrets.hide(detail), curl, requests=entry.tested)

    def _secrets(self, shown: list[Exchange]) -> Any:
        """A shell variable for each placeholder."""
        texts = " ".join(_text_of(one) for one in shown)
        found = sorted(set(PLACEHOLDER.findall(texts)))
        names = {one: one.strip("<>").replace("redacted", "secret") for one in found}
        return self._trace.Secrets([self._target.Credential(name, one) for one, name in names.items()])

    def _curl(self, one: Exchange, secrets: Any) -> str:
        request = one.request
        # curl adds these itself, or they belong to the connection that was.
        left_out = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}
        headers = tuple((name, value) for name, value in request.headers if name.lower() not in left_out)
        has_body = bool(request.body) or request.method not in {"GET", "HEAD", "DELETE", "OPTIONS"}
        sent = self._wire.Request(request.method, request.target, headers, request.body if has_body else None)
        line: str = self._trace.curl(sent, secrets)
        return f"{line}  # {secrets.hide(_short(one))}"


def _passed_by(_lab: object, _operation: object) -> None:
    """Nothing is tried: the traffic of others is looked at."""


def _text_of(one: Exchange) -> str:
    request: Request = one.request
    parts = [request.target, *(value for _, value in request.headers), request.body.decode("utf-8", "replace")]
    if one.answer is not None:
        parts.append(one.answer.body.decode("utf-8", "replace"))
    return " ".join(parts)


def _short(one: Exchange) -> str:
    if one.answer is None:
        return one.failure
    line = " ".join(f"{one.answer.status} {one.answer.body[:1000].decode('utf-8', 'replace')}".split())
    line = line if len(line) <= _SHORT else f"{line[:_SHORT]}…"
    return "".join(char if char.isprintable() else "�" for char in line)
