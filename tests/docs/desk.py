"""A desk to try a document at: its fenced blocks, an empty folder, and a shell in which `leadmock` is installed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.serving import Serving

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]

_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"\s{2,}#.*$", re.MULTILINE)
_INSTALL = re.compile(r"pip install '?leadmock(?:\[(?P<extras>[\w,]+)\])?'?")
_SERVE = re.compile(r"(?:\.venv/bin/)?leadmock serve(?P<options>[^>&]*)(?:>.*)?&?")
_CONTROL = re.compile(r"^(leadmock (?:requests|explain|reset|tenant|seed|records|webhooks|clock|fault|snapshot)\b.*)$")
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document."""

    language: str
    text: str


def blocks(document: Path, *languages: str) -> list[Block]:
    """The blocks in these languages, in order."""
    found = (Block(each["language"], each["text"]) for each in _BLOCK.finditer(document.read_text(encoding="utf-8")))
    return [block for block in found if block.language in languages]


class Desk:
    """Runs commands as they are printed, but for this: a server gets a free port, which is put in wherever the
    printed one is named, and is stopped when the next one is started; nothing is installed, only the extras looked up.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._serving: Serving | None = None
        bin_folder = str(Path(sys.executable).parent)
        path = f"{bin_folder}:{os.environ['PATH']}"
        self._environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "no_proxy": "*"}

    @property
    def origin(self) -> str:
        """Where the server is that was started last."""
        assert self._serving is not None, "no server has been started yet"
        return self._serving.origin

    def run(self, text: str) -> str:
        """Run a block; what it printed. AssertionError, with that, where a command failed."""
        script = "\n".join(self._lines(_COMMENT.sub("", text)))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{script}\nended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def _lines(self, text: str) -> Iterator[str]:
        for line in text.splitlines():
            install, serve = _INSTALL.fullmatch(line), _SERVE.fullmatch(line)
            if install is not None:
                assert set(filter(None, (install["extras"] or "").split(","))) <= set(EXTRAS), line
            elif serve is not None:
                self._serve(shlex.split(serve["options"]))
            elif line:
                # In the wheel the suite stands below the package, here beside it.
                here = line.replace("mockserver.contract_tests", "contract_tests")
                here = here if self._serving is None else here.replace("http://127.0.0.1:8080", self.origin)
                yield _CONTROL.sub(rf"\1 --url {self._serving.origin if self._serving else ''}", here)

    def _serve(self, options: list[str]) -> None:
        self._stop()
        if "--port" in options:
            at = options.index("--port")
            del options[at : at + 2]
        self._serving = Serving(*options)

    def _stop(self) -> None:
        if self._serving is not None:
            self._serving.__exit__(None, None, None)
            self._serving = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
