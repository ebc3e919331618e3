"""`leadmock verify`, `fuzz` and `rules`: what they print, write and end with."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver.cli import main
from tests.contract_suite.served import served
from tests.contract_suite.toml import as_toml
from tests.implementations.workshop import application, target


@pytest.fixture(scope="module")
def right() -> Iterator[str]:
    """The address of a right implementation of ConvertIQ."""
    with served(application("convertiq")) as origin:
        yield origin


@pytest.fixture
def file(right: str, tmp_path: Path) -> Path:
    path = tmp_path / "target.toml"
    path.write_text(as_toml("convertiq", right, target("convertiq")), encoding="utf-8")
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Path]:
    """A target file of a ConvertIQ that answers with another industry."""
    with served(_spoiled(application("convertiq"))) as origin:
        path = tmp_path / "broken.toml"
        path.write_text(as_toml("convertiq", origin, target("convertiq")), encoding="utf-8")
        yield path


def _spoiled(app: Any) -> Any:
    """The application with each industry in an answer replaced."""

    async def spoiled(scope: Any, receive: Any, send: Any) -> None:
        async def changed(message: Any) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": message.get("body", b"").replace(b"Technology", b"Technologie")}
            elif message["type"] == "http.response.start":
                headers = [pair for pair in message["headers"] if pair[0].lower() != b"content-length"]
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, changed)

    return spoiled


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; gives its status, output and errors."""

    def go(*arguments: str | Path) -> tuple[int, str, str]:
        status = main([str(one) for one in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return go


def test_all_kept_is_exit_0_with_a_table_and_what_was_created(run: Run, file: Path) -> None:
    status, out, _ = run("verify", "convertiq", "--target", file, "--kind", "records")
    assert status == 0
    assert "0 broken" in out
    assert "convertiq/createLead/records-created" in out
    assert "Left on the target: " in out
    assert "seed 1" in out


def test_a_broken_promise_is_exit_1_and_told_in_full(run: Run, broken: Path) -> None:
    """Sentence, quote, document, what was expected and came, and lines to paste."""
    status, out, _ = run("verify", "convertiq", "--target", broken, "--only", "*records-created")
    assert status == 1
    assert "BROKEN convertiq/createLead/records-created" in out
    assert "(convertiq-api-reference)" in out
    assert "expected " in out
    assert 'curl -sS -i -X POST "$URL"/api/external/leads/create' in out


def test_the_curl_lines_show_the_failure_again(run: Run, broken: Path) -> None:
    """Pasted into a shell with the variables set."""
    _, out, _ = run("verify", "convertiq", "--target", broken, "--only", "*records-created")
    described = tomllib.loads(broken.read_text())["convertiq"]
    line = next(line.strip() for line in out.splitlines() if line.strip().startswith("curl "))
    secret = described["credentials"][0]["api_key"]
    environment = {**os.environ, "URL": described["url"], "FULL_KEY": secret}
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=True)
    assert "Technologie" in done.stdout


def test_the_same_seed_fails_the_same_way(run: Run, broken: Path, tmp_path: Path) -> None:
    def verdicts(name: str) -> Any:
        run("verify", "convertiq", "--target", broken, "--kind", "records", "--seed", "7", "--json", tmp_path / name)
        document = json.loads((tmp_path / name).read_text())
        return [(rule["id"], rule["status"], len(rule["curl"])) for rule in document["rules"]]

    assert verdicts("first.json") == verdicts("second.json")


def test_json_has_the_promised_form_and_no_secret(run: Run, broken: Path, tmp_path: Path) -> None:
    path = tmp_path / "verdicts.json"
    run("verify", "convertiq", "--target", broken, "--kind", "records", "--json", path)
    document = json.loads(path.read_text())
    assert {"api", "target", "level", "seed", "seconds", "requests", "rules"} <= document.keys()
    assert document["level"] == "vendor-page"
    for rule in document["rules"]:
        assert {"id", "kind", "level", "status", "says", "source", "detail", "curl"} <= rule.keys()
        assert rule["status"] in {"kept", "broken", "not-checked"}
        assert rule["status"] != "broken" or rule["curl"]
    for key in target("convertiq")["credentials"]:
        assert key["api_key"] not in path.read_text()


def test_junit_and_html_say_the_same(run: Run, broken: Path, tmp_path: Path) -> None:
    junit, page = tmp_path / "verdicts.xml", tmp_path / "verdicts.html"
    run("verify", "convertiq", "--target", broken, "--kind", "records", "--junit", junit, "--html", page)
    cases = ET.parse(junit).iter("testcase")  # noqa: S314  # written right above
    failed = [case.get("name") for case in cases if case.find("failure") is not None]
    assert "convertiq/createLead/records-created" in failed
    text = page.read_text()
    assert all(f"<code>{name}</code>" in text for name in failed)
    assert "broken</strong>" in text
    # Nothing is fetched from anywhere.
    assert "src=" not in text
    assert "@import" not in text


def test_what_is_assumed_is_tried_with_strict_only(run: Run, file: Path, tmp_path: Path) -> None:
    def statuses(*more: str) -> dict[str, str]:
        path = tmp_path / "verdicts.json"
        run("verify", "convertiq", "--target", file, "--kind", "records", "--json", path, *more)
        rules = json.loads(path.read_text())["rules"]
        return {rule["id"]: rule["status"] for rule in rules if rule["level"] == "assumed"}

    assert set(statuses().values()) == {"not-checked"}
    assert set(statuses("--strict").values()) == {"kept"}


def test_a_rule_without_what_it_needs_is_not_checked(run: Run, right: str) -> None:
    status, out, _ = run(
        "verify", "convertiq", "--url", right, "--credential", target("convertiq")["credentials"][0]["api_key"],
        "--kind", "limits",
    )  # fmt: skip
    assert status == 0
    assert "not checked  (needs a credential with limits per_minute)" in out


def test_that_a_key_is_spared_is_said_beforehand(run: Run, right: str, file: Path) -> None:
    key = target("convertiq")["credentials"][0]["api_key"]
    _, spared, _ = run("verify", "convertiq", "--url", right, "--credential", key, "--kind", "access")
    _, spent, _ = run("verify", "convertiq", "--target", str(file), "--kind", "access")
    assert "say so in a target file (unlimited = true)" in spared.splitlines()[2]
    assert "unlimited" not in spent


def test_workers_give_the_same_verdicts(run: Run, broken: Path, tmp_path: Path) -> None:
    def verdicts(*more: str) -> Any:
        path = tmp_path / "verdicts.json"
        status, _, _ = run("verify", "convertiq", "--target", broken, "--kind", "records", "--json", path, *more)
        return status, [(rule["id"], rule["status"]) for rule in json.loads(path.read_text())["rules"]]

    assert verdicts("--workers", "2") == verdicts()


def test_workers_try_only_what_was_asked_for(run: Run, tmp_path: Path) -> None:
    """Without --strict nothing that is assumed, of the built-in mock too."""

    def statuses(*more: str) -> Any:
        path = tmp_path / "verdicts.json"
        assert run("verify", "convertiq", "--kind", "access", "--json", path, *more)[0] == 0
        return [(rule["id"], rule["status"]) for rule in json.loads(path.read_text())["rules"]]

    alone = statuses()
    assert {status for _, status in alone} == {"kept", "not-checked"}
    assert statuses("--workers", "2") == alone


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["verify", "mgea"], "mgea: there is no such API; did you mean mega?"),
        (["verify", "mega", "--target", "none.toml"], "none.toml: there is no such file"),
        (["verify", "mega", "--url", "http://127.0.0.1:1"], "--credential: needed with --url"),
        (["verify", "mega", "--url", "http://127.0.0.1:1", "--credential", "x"], "x-customer-id too, as SECRET@TENANT"),
        (["verify", "convertiq", "--url", "http://127.0.0.1:1", "--credential", "x"], "cannot be reached"),
        (["verify", "convertiq", "--kind", "record"], "--kind record: there is no such kind; did you mean records?"),
        (["verify", "convertiq", "--only", "nothing"], "no rule of convertiq is selected"),
        (["verify", "convertiq", "--rate", "fast"], "--rate fast: must be a rate such as 5/s"),
        (["verify", "convertiq", "--time", "long"], "--time long: must be a time such as 90s"),
        (["verify", "convertiq", "--json", "no/such/folder.json"], "there is no folder no/such"),
        (["verify", "convertiq", "--app", "no_such_module:app", "--credential", "x"], "--app no_such_module:app"),
        (["fuzz", "convertiq", "--replay", "--save", "none.json"], "none.json: there is no such file"),
    ],
)
def test_what_cannot_run_is_exit_2_with_one_clear_message(arguments: list[str], told: str, run: Run) -> None:
    status, _, errors = run(*arguments)
    assert status == 2
    assert errors.startswith("leadmock: ")
    assert errors.count("\n") == 1
    assert told in errors


def test_a_wrong_address_is_told_as_one(run: Run, right: str) -> None:
    secret = target("convertiq")["credentials"][0]["api_key"]
    status, _, errors = run("verify", "convertiq", "--url", right, "--credential", f"{secret}x")
    assert status == 2
    assert "the target refuses every credential (main); check them" in errors


def test_the_built_in_mock_is_tried_where_nothing_else_is_named(run: Run) -> None:
    status, out, _ = run("verify", "salesiq", "--kind", "access")
    assert status == 0
    assert "in process" in out


def test_time_ends_a_run_and_what_is_left_is_not_checked(run: Run, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "verdicts.json"
    status, _, _ = run("verify", "convertiq", "--target", file, "--strict", "--time", "1s", "--json", path)
    rules = json.loads(path.read_text())["rules"]
    assert status == 0
    assert rules[-1]["status"] == "not-checked"
    assert rules[-1]["detail"] == "the time that was given ran out"


def test_rate_is_kept(run: Run, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "verdicts.json"
    run("verify", "convertiq", "--target", file, "--kind", "access", "--rate", "5/s", "--json", path)
    document = json.loads(path.read_text())
    assert document["requests"] > 10
    assert document["requests"] <= 5 * (document["seconds"] + 1)


def test_fuzz_finds_keeps_and_replays(run: Run, broken: Path, tmp_path: Path) -> None:
    kept = tmp_path / "failures.json"
    arguments = (
        "fuzz",
        "convertiq",
        "--target",
        broken,
        "--only",
        "*records-created",
        "--save",
        kept,
        "--max-examples",
        "5",
    )
    status, out, _ = run(*arguments, "--time", "3s")
    assert status == 1
    assert out.count("BROKEN convertiq/createLead/records-created") == 1, "each distinct failure is told once"
    status, out, _ = run(*arguments, "--replay")
    assert status == 1
    assert "are still there" in out


def test_rules_lists_each_promise_with_level_source_and_what_tries_it(run: Run) -> None:
    status, out, _ = run("rules", "mega")
    assert status == 0
    assert "mega/createLead/idempotency-replay" in out
    assert "tried by idempotency:" in out
    assert "(mega-push-leads)" in out
