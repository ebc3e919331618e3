"""Every command and every Python example of the guides and of README, executed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from mockserver.tenants import DEMOS
from mockserver.testing import Leadmock
from tests.docs.desk import ROOT, Desk, blocks

GUIDES = ROOT / "docs" / "guides"
README = ROOT / "README.md"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    with Desk(tmp_path) as one:
        yield one


def test_every_guide_is_tried() -> None:
    assert {path.name for path in GUIDES.iterdir()} == {"ci.md", "local-mock.md", "pytest.md", "qa.md"}


def test_the_local_mock(desk: Desk) -> None:
    printed = [desk.run(block.text) for block in blocks(GUIDES / "local-mock.md", "sh")]
    assert '"leadCode":"LD0001"' in printed[1]
    assert "phone: " in printed[1]
    assert "refused: phone: " in printed[2]
    assert "accepted: 2" in printed[3]
    assert "lost-response" in printed[4]
    assert "lead.created" in printed[5]


def test_qa(desk: Desk) -> None:
    printed = [desk.run(block.text) for block in blocks(GUIDES / "qa.md", "sh")]
    assert "mega/createLead/idempotency-replay" in printed[0]
    assert "kept" in printed[2]
    assert (desk.folder / "verify.xml").read_text().startswith("<?xml")
    assert (desk.folder / "verify.html").exists()
    assert "passed" in printed[-1]


def scripts(name: str) -> list[list[str]]:
    """The shell commands of each snippet for a CI, in order."""
    found: list[list[str]] = []
    for block in blocks(GUIDES / name, "yaml"):
        job: dict[str, Any] = yaml.safe_load(block.text)
        if "jobs" in job:
            found.append([step["run"] for each in job["jobs"].values() for step in each["steps"] if "run" in step])
        else:
            found.append([line for each in job.values() for line in each["script"]])
    return found


def test_ci(desk: Desk) -> None:
    (desk.folder / "test_own.py").write_text("def test_it(leadmock):\n    assert leadmock.mega.leads == []\n")
    github, gitlab = scripts("ci.md")
    for script in (github, gitlab):
        (desk.folder / "verify.xml").unlink(missing_ok=True)
        printed = "".join(desk.run(each) for each in script)
        assert "1 passed" in printed
        assert '"status":"active"' in printed
        assert (desk.folder / "verify.xml").exists()


OPTIONS = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:asyncio")


def project(pytester: pytest.Pytester) -> str:
    """Write the modules of the guide for pytest; the code of its tests."""
    code = ""
    for block in blocks(GUIDES / "pytest.md", "python"):
        name = re.match(r"# (\w+\.py)\n", block.text)
        if name is None:
            code += block.text
        else:
            (pytester.path / name[1]).write_text(block.text)
    return code


def test_the_examples_for_pytest(pytester: pytest.Pytester) -> None:
    code = project(pytester)
    pytester.makepyfile(code)
    result = pytester.runpytest_subprocess(*OPTIONS, "-W", "error")
    result.assert_outcomes(passed=code.count("def test_"))


def test_the_report_that_is_shown(pytester: pytest.Pytester) -> None:
    project(pytester)
    pytester.makepyfile(
        """
        from crm import sync_lead

        def test_it(leadmock):
            leadmock.mega.fail_next(status=503)
            assert sync_lead({"email": "sam@example.com"}) is None
        """
    )
    result = pytester.runpytest_subprocess(*OPTIONS)
    result.assert_outcomes(failed=1)
    _, shown = blocks(GUIDES / "pytest.md", "text")
    assert shown.text.strip() in re.sub(r"(?<=created lead 01)[0-9a-f-]+", "a1ff28-…", result.stdout.str())


def test_the_failure_that_is_shown(leadmock: Leadmock) -> None:
    mega = leadmock.mega
    httpx.post(f"{mega.url}/leads", headers=mega.headers, json={"contact_email": "sam@example.com"})
    with pytest.raises(AssertionError) as caught:
        mega.expect_create(contact_email="olga@example.com")
    shown, _ = blocks(GUIDES / "pytest.md", "text")
    # Any id: they only ever grow in a process, and another test may have moved its clock far ahead.
    told = re.sub(r"(?<=created lead )[0-9a-f-]+", "", str(caught.value))
    assert told == re.sub(r"(?<=created lead )[0-9a-f-]+…", "", shown.text.strip())


def test_what_the_guide_names_is_there(leadmock: Leadmock) -> None:
    """Each `name(` and `.name` in the running text, and in its table."""
    prose = re.sub(r"^```.*?^```$", "", (GUIDES / "pytest.md").read_text(), flags=re.MULTILINE | re.DOTALL)
    calls = set(re.findall(r"`(?:\w+\.)*(\w+)\(", prose)) - {"pass_through", "route", "deliver_webhooks_async"}
    for name in calls:
        assert hasattr(leadmock.mega, name) or hasattr(leadmock, name) or hasattr(leadmock.clock, name), name
    assert {"fail_next", "drop_next", "delay_next", "lift_limits"} <= calls


def test_the_example_that_readme_shows_is_that_of_the_guide() -> None:
    (shown,) = blocks(README, "python")
    test = shown.text[shown.text.index("def ") :]
    assert any(test in block.text for block in blocks(GUIDES / "pytest.md", "python"))


def test_the_commands_that_readme_shows(desk: Desk) -> None:
    desk.run("leadmock serve")
    httpx.get(f"{desk.origin}/api/agents/crm/leads")
    (block,) = (block for block in blocks(README, "sh") if "leadmock explain" in block.text)
    printed = desk.run(block.text)
    assert "401" in printed
    assert "my experiment" in printed
    assert "lost-response" in printed


def test_the_options_that_readme_shows(desk: Desk) -> None:
    lines = [
        line
        for block in blocks(README, "sh")
        for line in block.text.splitlines()
        if line.startswith(".venv/bin/leadmock serve")
    ]
    assert lines
    for line in lines:
        desk.run(line)
        assert httpx.get(f"{desk.origin}/_mock/ready").status_code == 200, line


def test_the_target_file_that_readme_shows() -> None:
    (block,) = blocks(README, "toml")
    assert list(tomllib.loads(block.text)) == ["mega", "webhooks"]


def test_the_event_that_readme_makes_happen(desk: Desk) -> None:
    desk.run("leadmock serve --api crmleadpro")
    (command,) = (
        line for block in blocks(README, "sh") for line in block.text.splitlines() if "/_mock/crmleadpro/events" in line
    )
    headers = {"Authorization": f"Bearer {next(iter(DEMOS['crmleadpro'][0].secrets))}"}
    deal = {"title": "Big one", "value": 5, "pipeline": "sales"}
    made = httpx.post(f"{desk.origin}/api/v1/deals", headers=headers, json=deal).json()
    assert '"deliveries":0' in desk.run(command.replace("deal_…", made["id"]))
