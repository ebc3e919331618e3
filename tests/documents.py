"""The vendors' documents as text: what they print, and a shell to run it in against a server."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.tenants import DEMOS
from tests.edge_cases.live import Answer, Live, parse

DOCUMENTS = Path(__file__).parents[1] / "specs" / "documents"
HOSTS = ("https://crm.megallow.com", "https://app.gomega.ai", "https://convertiq.me", "https://crmleadpro.in")
CUSTOMER = DEMOS["mega"][0].id
TOKEN = next(iter(DEMOS["mega"][0].secrets))

# From the word curl to the end of its body; in one document the next heading is glued to it.
_CURL = re.compile(r"^curl .*?(?:-d|--data) '(?P<body>[^']*)'", re.DOTALL | re.MULTILINE)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT_MS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
# What the pages' own protection has made of an address, with a no-break space or a plain one.
HIDDEN_EMAIL = re.compile("\\[email[ \u00a0]protected\\]")


def document(name: str) -> str:
    return (DOCUMENTS / f"{name}.txt").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Command:
    """A printed curl command, word for word, and its place among those of its document."""

    document: str
    number: int
    text: str
    body: str

    @property
    def name(self) -> str:
        return f"{self.document}-{self.number}"


COMMANDS = {
    command.name: command
    for path in sorted(DOCUMENTS.glob("*.txt"))
    for number, found in enumerate(_CURL.finditer(path.read_text(encoding="utf-8")), start=1)
    for command in [Command(path.stem, number, found[0], found["body"])]
}


class Shell:
    """Runs curl against a server that has just been started with its demo tenants."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def run(self, command: str) -> Answer:
        """Run a command as if it had been pasted, but for its host and its placeholders."""
        text = HIDDEN_EMAIL.sub("sam@example.com", command)
        text = text.replace("<token>", TOKEN).replace("<x-customer-id>", CUSTOMER)
        for host in HOSTS:
            text = text.replace(host, self.live.origin)
        assert self.live.origin in text
        variables = {**os.environ, "MEGA_TOKEN": TOKEN, "MEGA_CUSTOMER_ID": CUSTOMER, "no_proxy": "*"}
        script = text + " --silent --show-error --include"
        done = subprocess.run(["sh", "-c", script], capture_output=True, env=variables, timeout=60, check=True)
        return parse(done.stdout)

    def printed(self, name: str) -> Answer:
        """Run a printed command."""
        return self.run(COMMANDS[name].text)


def after(text: str, heading: str) -> Any:
    """The JSON object that is printed after a heading."""
    return json.JSONDecoder().raw_decode(text, text.index("{", text.index(heading)))[0]


def told(answer: Answer, status: int) -> Any:
    """The JSON of an answer with this status."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    return json.loads(answer.body)


def assert_as_printed(
    answer: Mapping[str, Any], printed: Mapping[str, Any], forms: Mapping[str, re.Pattern[str]]
) -> None:
    """The same members in the same order, with the same values; those of `forms` only look alike."""
    assert list(answer) == list(printed)
    for name, form in forms.items():
        assert form.fullmatch(answer[name]), (name, answer[name])
    assert {**answer, **dict.fromkeys(forms)} == {**printed, **dict.fromkeys(forms)}


def refusal(answer: Answer, status: int) -> str:
    """The message of a refusal by SalesIQ or ConvertIQ."""
    given = told(answer, status)
    assert given == {"success": False, "error": given["error"]}
    return str(given["error"])


SALESIQ_ERRORS = dict(re.findall(r"^\| (4\d\d|500) \| (.*) \|$", document("salesiq-api-reference"), re.MULTILINE))
