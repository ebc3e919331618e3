"""A run as JUnit XML, which every CI server shows."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from ..rule import Verdict
from .result import Result, cited

# Characters that XML 1.0 cannot hold, escaped or not.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(result: Result, path: Path) -> None:
    """One test suite; a rule is a test case, its kind the class name."""
    suite = ET.Element(
        "testsuite",
        name=f"leadmock {result.api}",
        tests=str(len(result.verdicts)),
        failures=str(result.count("broken")),
        errors="0",
        skipped=str(result.count("not-checked")),
        time=f"{result.seconds:.3f}",
    )
    for verdict in result.verdicts:
        suite.append(_case(result, verdict))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    ET.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def _case(result: Result, verdict: Verdict) -> ET.Element:
    rule = verdict.rule
    case = ET.Element("testcase", name=rule.id, classname=f"{result.api}.{rule.kind}", time=f"{verdict.seconds:.3f}")
    if verdict.status == "not-checked":
        ET.SubElement(case, "skipped", message=_clean(verdict.detail))
    elif verdict.status == "broken":
        failure = ET.SubElement(case, "failure", message=_clean(verdict.detail), type=rule.level)
        failure.text = _clean("\n".join([rule.says, cited(rule.source), *verdict.curl]))
    return case


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("�", text)
