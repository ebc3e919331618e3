"""`leadmock proxy` as its users meet it: started as a command, called, stopped, its verdicts read."""

from __future__ import annotations

import json
import signal
import socket
import xml.etree.ElementTree as ET
from pathlib import Path

import httpx
import pytest

from mockserver.proxy.recording import read
from tests.contract_suite.served import served
from tests.proxy.watching import small, spoiled
from tests.serving import Serving, leadmock

BASE = "/api/agents/crm"
LEAD = {"contact_name": "Sam", "contact_email": "sam@example.com"}


class Proxying(Serving):
    """A running `leadmock proxy`."""

    command = "proxy"


def test_a_right_client_of_a_right_api_is_told_that_all_is_well(tmp_path: Path) -> None:
    app, headers = small("mega")
    with (
        served(app) as origin,
        Proxying("mega", "--upstream", origin + BASE, "--json", str(tmp_path / "r.json")) as proxy,
    ):
        assert f"MEGA  {proxy.origin}{BASE}  ->  {origin}" in proxy.text
        assert httpx.post(f"{proxy.origin}{BASE}/leads", json=LEAD, headers=headers).status_code == 201
        assert proxy.interrupt() == 0
    assert "Deviations of your client: 0; of the API: 0" in proxy.text
    assert "mega/createLead/api-body" in proxy.wait_for_line("api-body .* kept")
    assert "Traceback" not in proxy.text
    rules = {one["id"]: one for one in json.loads((tmp_path / "r.json").read_text())["rules"]}
    assert rules["mega/createLead/api-body"]["status"] == "kept"
    assert rules["mega/listLeads/api-body"]["status"] == "not-checked"


def test_deviations_are_told_live_and_at_the_end_in_every_form(tmp_path: Path) -> None:
    app, headers = small("mega")
    wrong = spoiled(app, lambda one: (one[0], one[1], one[2].replace(b'"lead"', b'"laed"')))
    files = {form: tmp_path / f"report.{form}" for form in ("json", "junit", "html")}
    options = [word for form, path in files.items() for word in (f"--{form}", str(path))]
    record = tmp_path / "all.jsonl"
    with served(wrong) as origin, Proxying("mega", "--upstream", origin, "--record", str(record), *options) as proxy:
        httpx.post(f"{proxy.origin}{BASE}/leads?token=hush-hush", json={**LEAD, "source_type": "fax"}, headers=headers)
        httpx.post(f"{proxy.origin}{BASE}/leads", json=LEAD, headers=headers)
        assert "your client: source_type: must be one of" in proxy.wait_for_line("client-body")
        assert 'the API: lead: is required [mega/createLead/api-body] "' in proxy.wait_for_line("api-body")
        assert proxy.interrupt(signal.SIGTERM) == 1
    assert "Deviations of your client: 1; of the API: 1" in proxy.text
    assert "BROKEN mega/createLead/api-body" in proxy.text
    assert 'curl -sS -i -X POST "$URL"/api/agents/crm/leads' in proxy.text
    verdicts = {one["id"]: one for one in json.loads(files["json"].read_text())["rules"]}
    assert "the API, 1 of 2 times: lead: is required" in verdicts["mega/createLead/api-body"]["detail"]
    suite = ET.parse(files["junit"]).getroot().find("testsuite")  # noqa: S314  # we wrote it
    assert suite is not None
    assert suite.get("failures") == "2"
    assert "2 promises are broken" in files["html"].read_text()
    assert [one.operation for one in read(record)] == ["createLead", "createLead"]
    secret = headers["Authorization"].removeprefix("Bearer ")
    everything = proxy.text + record.read_text() + "".join(path.read_text() for path in files.values())
    assert secret not in everything
    assert "hush-hush" not in everything


def test_an_api_that_never_answers_is_exit_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        origin = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with Proxying("salesiq", "--upstream", origin) as proxy:
        answer = httpx.get(f"{proxy.origin}/api/leads/capture")
        assert (answer.status_code, answer.json()["success"]) == (502, False)
        assert proxy.interrupt() == 2
    assert "Not answered by the API: 1" in proxy.text


def test_what_is_not_of_this_api_is_handed_on_and_not_judged() -> None:
    app, _ = small("mega")
    with served(app) as origin, Proxying("mega", "--upstream", origin, "--verbose") as proxy:
        httpx.get(f"{proxy.origin}/health")
        assert "not of this API, handed on" in proxy.wait_for_line("GET /health")
        assert proxy.interrupt() == 0
    assert f"Handed on and not judged, since outside of {BASE}: 1" in proxy.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("megga", "--upstream", "https://x.example"), "megga: there is no such API; did you mean mega?"),
        (("mega", "--upstream", "x.example"), "--upstream x.example: must be an http:// or https:// address"),
        (("mega", "--upstream", "https://x.example:99999"), "is no address"),
        (("mega", "--upstream", "https://x y.example"), "'x y.example' is the name of no host"),
        (("mega", "--upstream", "https://me:pw@x.example"), "credentials are the client's own to send"),
        (("mega", "--upstream", "https://x.example", "--timeout", "0"), "--timeout 0: must be above 0"),
        (("mega", "--upstream", "https://x.example", "--append"), "only with --record FILE"),
        (("mega", "--upstream", "https://x.example", "--html", "/no/such/r.html"), "there is no folder /no/such"),
        (("mega", "--upstream", "https://x.example", "--record", "/"), "--record /: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_one_clear_line_and_exit_2(arguments: tuple[str, ...], words: str) -> None:
    result = leadmock("proxy", *arguments, "--port", "0")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1), result
    assert words in result.stderr
