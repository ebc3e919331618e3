"""A recording: exchanges as JSON Lines, written as they happen, read back with care.

A line: {"v": 1, "time": ISO 8601, "api": name, "operation": id or null, "seconds": number,
         "request": {"method", "target", "headers": [[name, value]], "body"},
         "answer": {"status", "headers", "body"} or null, "failure": text or null}
A body is {"text": ...}, {"base64": ...} where it is no UTF-8, or null where there is none. Bodies are unpacked, and
secrets are replaced.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.contract.loader import AVAILABLE
from mockserver.proxy.exchange import Answer, Exchange, Headers, Request
from mockserver.proxy.redaction import PLACEHOLDER
from mockserver.proxy.upstream import STATUSES

VERSION = 1
# As RFC 9110 has them; in a value, no character that ends it.
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*\Z")


class RecordingError(Exception):
    """A recording cannot be written or read: the text names file, line and the way out."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of a recording; `line` is its number, from 1. What was not answered is not here."""

    line: int
    api: str
    operation: str
    request: Request
    answer: Answer


class Recorder:
    """Appends exchanges, from which secrets have been taken, to a file. Raises RecordingError."""

    def __init__(self, path: Path, *, append: bool = False) -> None:
        self.path = path
        self.count = 0
        #: What numbers of placeholders are in the file already.
        self.placeholders = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (0 if append else os.O_EXCL)
        try:
            if append and path.exists():
                self._mend()
            # Of other people's leads: for the owner alone.
            self._file = os.open(path, flags, 0o600)
        except FileExistsError:
            raise RecordingError(
                f"--record {path}: there is such a file already; add --append, or choose another"
            ) from None
        except OSError as error:
            raise RecordingError(f"--record {path}: cannot be written ({error.strerror})") from None

    def _mend(self) -> None:
        """Take off half a line, such as a crash leaves."""
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            os.truncate(self.path, whole)
        numbers = re.findall(rb"<redacted-(\d+)>", data)
        self.placeholders = max(map(int, numbers), default=0)

    def __call__(self, api: str, operation: str, one: Exchange) -> None:
        """One line, in one go: a reader never finds the next one begun before this one has ended."""
        request, answer = one.request, one.answer
        line = {
            "v": VERSION,
            "time": one.at.isoformat(timespec="milliseconds"),
            "api": api,
            "operation": operation or None,
            "seconds": round(one.ended - one.started, 4),
            "request": {
                "method": request.method,
                "target": request.target,
                "headers": request.headers,
                "body": _told(request.body),
            },
            "answer": answer and {"status": answer.status, "headers": answer.headers, "body": _told(answer.body)},
            "failure": one.failure or None,
        }
        data = (json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(self._file, data) :]
        self.count += 1

    def close(self) -> None:
        os.close(self._file)


def _told(body: bytes) -> dict[str, str] | None:
    if not body:
        return None
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def read(path: Path) -> Sequence[Recorded]:
    """The answered exchanges of a recording, in order, without a last line that was cut off. Raises RecordingError."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        hint = "record one with: leadmock proxy API --upstream URL --record FILE"
        raise RecordingError(f"--replay {path}: cannot be read ({error.strerror}); {hint}") from None
    found = []
    # What stands behind the last line break is nothing, or half a line that a crash has left.
    for number, line in enumerate(lines[:-1], 1):
        if line.strip():
            one = _Line(path, number, line).read()
            found += [] if one is None else [one]
    if not found:
        raise RecordingError(f"--replay {path}: holds no answered exchange; record some first")
    return found


class _Line:
    def __init__(self, path: Path, number: int, text: bytes) -> None:
        self._place = f"--replay {path}: line {number}"
        self._number = number
        self._text = text

    def read(self) -> Recorded | None:
        """The exchange, None if it was not answered."""
        try:
            value = json.loads(self._text)
        except (ValueError, RecursionError) as error:
            raise self._bad(f"is not JSON ({error})") from None
        if not isinstance(value, dict) or "v" not in value:
            raise self._bad("is not an exchange that leadmock proxy has recorded")
        if value["v"] != VERSION:
            raise RecordingError(
                f"{self._place}: has the form v={value['v']!r}; this leadmock reads v={VERSION}: record it again"
            )
        api = value.get("api")
        if api not in AVAILABLE:
            raise self._bad(f"'api' is {api!r}; there are {', '.join(AVAILABLE)}")
        if value.get("answer") is None:
            return None
        request, answer = self._object(value, "request"), self._object(value, "answer")
        status = answer.get("status")
        if type(status) is not int or status not in STATUSES:
            raise self._bad(f"'answer.status' is {status!r}, not a status from {STATUSES[0]} to {STATUSES[-1]}")
        return Recorded(
            self._number,
            api,
            str(value.get("operation") or ""),
            Request(
                self._text_of(request, "request.method"),
                self._text_of(request, "request.target"),
                self._headers(request, "request"),
                self._body(request, "request"),
            ),
            Answer(status, self._headers(answer, "answer"), self._body(answer, "answer")),
        )

    def _object(self, value: dict[str, Any], name: str) -> dict[str, Any]:
        found = value.get(name)
        if not isinstance(found, dict):
            raise self._bad(f"'{name}' is missing or no object")
        return found

    def _text_of(self, value: dict[str, Any], name: str) -> str:
        found = value.get(name.rpartition(".")[2])
        if not isinstance(found, str) or not found:
            raise self._bad(f"'{name}' is missing or no text")
        return found

    def _headers(self, value: dict[str, Any], name: str) -> Headers:
        found = value.get("headers", [])
        if not isinstance(found, list) or not all(
            isinstance(one, list) and len(one) == 2 and all(isinstance(text, str) for text in one)  # noqa: PLR2004  # name, value
            for one in found
        ):
            raise self._bad(f"'{name}.headers' is not a list of pairs of texts")
        headers = tuple((str(one[0]), str(one[1])) for one in found)
        for header, text in headers:
            if not _HEADER_NAME.match(header) or not _HEADER_VALUE.match(text):
                raise self._bad(f"'{name}.headers' holds {header[:50]!r}, which HTTP cannot send as it is")
        return headers

    def _body(self, value: dict[str, Any], name: str) -> bytes:
        found = value.get("body")
        match found:
            case None:
                return b""
            case {"text": str(text)}:
                return text.encode("utf-8", "surrogatepass")
            case {"base64": str(text)}:
                try:
                    return base64.b64decode(text, validate=True)
                except (binascii.Error, ValueError):
                    raise self._bad(f"'{name}.body.base64' is not base64") from None
        raise self._bad(f"'{name}.body' is neither null nor an object with text or base64")

    def _bad(self, problem: str) -> RecordingError:
        return RecordingError(f"{self._place}: {problem}; mend the line, delete it, or record again")


def without_numbers(text: str) -> str:
    """With one placeholder for every secret: in another run the same secret may have another number."""
    return PLACEHOLDER.sub("<redacted>", text)
