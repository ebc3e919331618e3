"""Prism (https://github.com/stoplightio/prism), a foreign reader of the specs, as a validating proxy."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "node_modules" / ".bin" / "prism"

_START_SECONDS = 60
_LISTENING = re.compile(r"Prism is listening on (http://\S+)")


class Prism:
    """`prism proxy` of one spec; `origin` is where the spec's paths begin."""

    def __init__(self, document: dict[str, Any], upstream: str, folder: Path) -> None:
        spec = folder / "openapi.json"
        spec.write_text(json.dumps(readable(document)), "utf-8")
        self.origin = ""
        command = [str(PROGRAM), "proxy", str(spec), upstream, "--host", "127.0.0.1", "--port", "0"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "NO_COLOR": "1"}
        )
        self.lines: list[str] = []
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._listening.wait(_START_SECONDS):
            self.process.kill()
            raise AssertionError("Prism did not start; it said:\n" + "\n".join(self.lines))

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if found := _LISTENING.search(line):
                self.origin = found[1]
                self._listening.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        self._reader.join(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()


def readable(document: dict[str, Any]) -> dict[str, Any]:
    """The spec without `null` in the enums of nullable members, which OpenAPI 3.0.3 asks for.

    Prism adds another `null`, finds that the two are alike, and then checks nothing of that body, silently.
    """
    copied: dict[str, Any] = copy.deepcopy(document)
    _drop_null(copied)
    return copied


def _drop_null(node: Any) -> None:
    if isinstance(node, dict):
        values = node.get("enum")
        if node.get("nullable") is True and isinstance(values, list):
            node["enum"] = [value for value in values if value is not None]
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _drop_null(child)


def violations(header: str, where: str) -> list[str]:
    """What Prism's header `sl-violations` says of the `request` or the `response`."""
    found = json.loads(header) if header else []
    return [violation["message"] for violation in found if violation.get("location", ["response"])[0] == where]


def is_there() -> bool:
    """Whether Prism has been installed."""
    return PROGRAM.exists()
