"""What a run is told as: lines in a terminal, JSON, JUnit XML, one HTML page."""

from __future__ import annotations

from .html import write_html
from .json import as_json, write_json
from .junit import write_junit
from .result import Result, cited
from .text import Progress, broken_lines, told

__all__ = ["Progress", "Result", "as_json", "broken_lines", "cited", "told", "write_html", "write_json", "write_junit"]
