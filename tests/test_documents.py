"""The examples that the vendors print work as printed: the same text sent, the same answer given.

Every printed curl command is taken out of the documents and run by a shell and the real curl. Only the host is
replaced, and placeholders are filled in from the demo credentials.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.documents import (
    COMMANDS,
    CUSTOMER,
    DOCUMENTS,
    HIDDEN_EMAIL,
    INSTANT,
    INSTANT_MS,
    SALESIQ_ERRORS,
    UUID,
    Shell,
    after,
    assert_as_printed,
    document,
    refusal,
    told,
)
from tests.edge_cases.live import Answer, Live

SALESIQ, CONVERTIQ, CRMLEADPRO = "salesiq-api-reference-1", "convertiq-api-reference-1", "crmlead-pro-developer-api-1"
MEGA_SKELETON, MEGA_SINGLE, MEGA_BULK = "mega-create-a-single-lead-1", "mega-push-leads-1", "mega-push-leads-2"


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with Live.on(request.param, tmp_path_factory.mktemp("documents")) as server:
        yield server


@pytest.fixture
def shell(live: Live) -> Shell:
    live.run(live.mock.store.reset())
    live.run(live.mock.seed())
    return Shell(live)


def test_every_printed_curl_command_is_found_and_told_the_answer_of() -> None:
    printed = sum(len(re.findall(r"\bcurl -", path.read_text(encoding="utf-8"))) for path in DOCUMENTS.glob("*.txt"))
    assert len(COMMANDS) == printed == 6
    assert COMMANDS.keys() == ANSWERS.keys()
    assert all(json.loads(command.body) for command in COMMANDS.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_printed_curl_command_is_answered_as_documented(shell: Shell, name: str) -> None:
    ANSWERS[name](shell.printed(name))


def _salesiq_created(answer: Answer) -> None:
    printed = after(document("salesiq-api-reference"), "Response (201 Created)")
    lead = told(answer, 201)
    forms = {"leadId": UUID, "leadCode": re.compile("LD0001"), "assignedTo": re.compile("demo-workspace-agent-1")}
    assert isinstance(lead["score"], int)
    assert 0 <= lead["score"] <= 100
    assert lead["temperature"] in {"Hot", "Warm", "Cold"}
    scored = {"score": lead["score"], "temperature": lead["temperature"]}
    assert_as_printed(lead, {**printed, **scored}, forms)


def _convertiq_created(answer: Answer) -> None:
    printed = after(document("convertiq-api-reference"), "}Response")
    # The command says less than the printed body whose answer is printed.
    _convertiq_as(answer, {**printed["lead"], "source": "API", "status": "new"})


def _convertiq_as(answer: Answer, lead: Mapping[str, Any]) -> None:
    given = told(answer, 201)
    assert list(given) == ["success", "lead"]
    assert given["success"] is True
    assert_as_printed(given["lead"], lead, {"id": UUID, "user_id": UUID, "created_at": INSTANT_MS})


def _crmleadpro_created(answer: Answer) -> None:
    sample = after(document("crmlead-pro-developer-api"), "GET /api/v1/leads/")
    sent = json.loads(COMMANDS[CRMLEADPRO].body)
    assert sent.pop("pipeline") == "sales"
    lead = told(answer, 201)
    assert len(lead) == 13
    expected = {**dict.fromkeys(sample), **sent, "status": "new", "pipeline_stage": "new", "tags": []}
    forms = {"id": re.compile("lead_[0-9A-HJKMNP-TV-Z]{16}"), "created_at": INSTANT, "updated_at": INSTANT}
    assert_as_printed(lead, expected, forms)
    assert answer.headers["location"] == f"/api/v1/leads/{lead['id']}"


def _skeleton_refused(answer: Answer) -> None:
    """Its stage is called <string>, and no pipeline has such a stage."""
    error = told(answer, 400)["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", 400)
    assert "stage_slug" in error["message"]


def _mega_created(answer: Answer) -> None:
    given = told(answer, 201)
    assert list(given) == ["lead"]
    lead = given["lead"]
    sent = json.loads(HIDDEN_EMAIL.sub("sam@example.com", COMMANDS[MEGA_SINGLE].body))
    assert lead["current_stage"]["slug"] == sent.pop("stage_slug") == "new"
    assert {name: lead[name] for name in sent} == sent
    assert (lead["customer_id"], lead["status"]) == (CUSTOMER, "active")


def _mega_imported(answer: Answer) -> None:
    printed = after(document("mega-push-leads"), "\nResponse\n")
    given = told(answer, 200)
    ids = [row["lead_id"] for row in given["results"]]
    assert all(UUID.fullmatch(found) for found in ids)
    assert len(set(ids)) == 2
    for row, shown in zip(given["results"], printed["results"], strict=True):
        assert list(row) == list(shown)
        row["lead_id"] = shown["lead_id"]
    assert list(given) == list(printed)
    assert given == printed


ANSWERS: Mapping[str, Callable[[Answer], None]] = {
    SALESIQ: _salesiq_created,
    CONVERTIQ: _convertiq_created,
    CRMLEADPRO: _crmleadpro_created,
    MEGA_SKELETON: _skeleton_refused,
    MEGA_SINGLE: _mega_created,
    MEGA_BULK: _mega_imported,
}


# SalesIQ


def test_salesiq_answers_the_printed_command_with_the_duplicate_it_prints(shell: Shell) -> None:
    """The lead that is known is Amit Kumar; the command says Amit, with the same phone."""
    known = COMMANDS[SALESIQ].text.replace('"Amit"', '"Amit Kumar"')
    created = told(shell.run(known), 201)
    given = told(shell.printed(SALESIQ), 200)
    text = document("salesiq-api-reference")
    # Its message has quotes that are not escaped, so that the printed text is no JSON.
    printed = text[text.index("Duplicate Response (200)") : text.index("Error Responses")]
    message = re.search(r'"message": "(.*)"$', printed, re.MULTILINE)
    assert message is not None
    repaired = json.loads(printed[printed.index("{") :].replace(message[1], ""))
    assert_as_printed(given, {**repaired, "message": message[1], "leadId": created["leadId"]}, {})
    assert given["message"] == 'Lead already exists as "Amit Kumar" (9876543210). Activity logged.'


def test_salesiq_tells_its_health_as_printed_to_anybody(shell: Shell) -> None:
    text = document("salesiq-api-reference")
    # The printed list of optional fields ends in three dots: it stands for the table of fields.
    names = re.findall(r"^\| (\w+ \| string|\w+ \| number|string) \|", text, re.MULTILINE)
    fields = [name.split(" ")[0] for name in names]
    assert fields[:2] == ["name", "phone"]
    # Two rows of the table have lost their names.
    nameless = iter(("email", "whatsapp"))
    optional = [next(nameless) if name == "string" else name for name in fields[2:]]
    assert len(optional) == 10
    whole = text.replace('["email", "source", "city", ...]', json.dumps(optional))
    printed = after(whole, "No authentication required.")
    answer = shell.run("curl https://crm.megallow.com/api/leads/capture")
    assert told(answer, 200) == printed
    assert answer.body.decode() == json.dumps(printed, separators=(",", ":"))


def test_salesiq_prints_five_errors_of_which_four_can_be_caused() -> None:
    assert SALESIQ_ERRORS.keys() == {"400", "401", "403", "429", "500"}


@pytest.mark.parametrize("missing", ["name", "phone"])
def test_salesiq_refuses_a_lead_without_a_required_field_with_400(shell: Shell, missing: str) -> None:
    assert missing in SALESIQ_ERRORS["400"]
    body = json.loads(COMMANDS[SALESIQ].body)
    body.pop(missing)
    text = COMMANDS[SALESIQ].text.replace(COMMANDS[SALESIQ].body, json.dumps(body))
    assert missing in refusal(shell.run(text), 400)


def test_salesiq_refuses_a_call_without_a_key_with_401(shell: Shell) -> None:
    text = COMMANDS[SALESIQ].text.replace('-H "x-api-key: sqk_live_your_api_key" \\\n', "")
    assert "x-api-key" not in text
    assert refusal(shell.run(text), 401) == SALESIQ_ERRORS["401"]


def test_salesiq_refuses_a_wrong_key_with_403(shell: Shell) -> None:
    text = COMMANDS[SALESIQ].text.replace("sqk_live_your_api_key", "sqk_live_my_api_key")
    assert refusal(shell.run(text), 403) == SALESIQ_ERRORS["403"]


# MEGA


def _filled_in(name: str) -> str:
    text = COMMANDS[name].text.replace('"stage_slug": "<string>"', '"stage_slug": "new"')
    return text.replace('"contact_name": "<string>"', '"contact_name": "Sam Seller"').replace(
        '"contact_phone": "<string>"', '"contact_phone": "(206) 555-0123"'
    )


def test_mega_answers_the_filled_in_skeleton_with_every_printed_member(shell: Shell) -> None:
    printed = after(document("mega-create-a-single-lead"), "}\n'\n")
    text = _filled_in(MEGA_SKELETON)
    assert "<string>" not in text
    # An import first, for only an import can give a lead the owner that the printed answer has.
    owner = next(iter(_world(shell)["owners"]))
    row = {"contact_email": "sam@example.com", "owner_id": owner}
    told(shell.run(COMMANDS[MEGA_BULK].text.replace(COMMANDS[MEGA_BULK].body, json.dumps({"leads": [row]}))), 200)
    given = told(shell.run(text), 201)
    _assert_shape(given, printed)
    assert given["lead"]["current_stage"]["slug"] == "new"
    assert given["lead"]["contact_phone"] == "(206) 555-0123"
    for name in ("created_at", "updated_at"):
        assert INSTANT_MS.fullmatch(given["lead"][name])


def _world(shell: Shell) -> Mapping[str, Any]:
    return next(iter(shell.live.mock.directories["mega"])).tenant.world


def _assert_shape(given: Any, printed: Any, path: str = "") -> None:
    """The printed members, no other, each of the printed type or null."""
    if isinstance(printed, dict) and path != "/lead/custom_fields":
        assert set(given) == set(printed), path
        for name, value in printed.items():
            _assert_shape(given[name], value, f"{path}/{name}")
        return
    assert given is None or type(given) is type(printed), (path, given)


def test_mega_replays_the_stored_answer_and_refuses_another_body_with_the_key(shell: Shell) -> None:
    first = shell.printed(MEGA_SINGLE)
    again = shell.printed(MEGA_SINGLE)
    assert (again.status, again.body) == (first.status, first.body) == (201, first.body)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    other = shell.run(COMMANDS[MEGA_SINGLE].text.replace("Sam Seller", "Sam Buyer"))
    error = told(other, 409)["error"]
    assert (error["type"], error["code"]) == ("api_error", 409)
    assert shell.live.leads_of(next(iter(shell.live.mock.directories["mega"]))) == 2


def test_mega_replays_the_stored_import_and_refuses_another_with_the_key(shell: Shell) -> None:
    first = shell.printed(MEGA_BULK)
    again = shell.printed(MEGA_BULK)
    assert (again.status, again.body) == (200, first.body)
    assert told(shell.run(COMMANDS[MEGA_BULK].text.replace('"update"', '"skip"')), 409)["error"]["code"] == 409


def test_mega_keeps_no_dry_run_under_its_key(shell: Shell) -> None:
    dry = COMMANDS[MEGA_BULK].text.replace('"dry_run": false', '"dry_run": true')
    preview = told(shell.run(dry), 200)
    assert preview["dry_run"] is True
    real = shell.printed(MEGA_BULK)
    assert "idempotent-replayed" not in real.headers
    _mega_imported(real)
    assert told(shell.run(dry), 200)["summary"] == {"total": 2, "created": 0, "updated": 2, "skipped": 0, "failed": 0}


def test_mega_refuses_a_row_too_many_with_400(shell: Shell) -> None:
    rows = [{"contact_name": f"Sam {number}"} for number in range(501)]
    body = json.dumps({"leads": rows}).encode()
    credential = next(iter(shell.live.mock.directories["mega"]))
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    answer = shell.live.send(shell.live.head(credential, "POST", "/leads/bulk", *lines) + body)
    assert told(answer, 400)["error"]["type"] == "invalid_request_error"
    assert shell.live.leads_of(credential) == 1


def test_mega_takes_every_printed_source(shell: Shell) -> None:
    """A lead of each platform and of each type that the document lists."""
    text = document("mega-create-a-single-lead")
    options = re.findall(r"^(source_\w+)\nenum<string>\nAvailable options:\n((?:\w+,\n)+\w+)\n", text, re.MULTILINE)
    assert [(name, values.count(",") + 1) for name, values in options] == [("source_platform", 12), ("source_type", 7)]
    for name, values in options:
        for value in values.split(",\n"):
            changed = re.sub(rf'("{name}": )"\w+"', rf'\1"{value}"', COMMANDS[MEGA_SINGLE].text)
            changed = changed.replace("8f2c1e10-a001", f"{name}-{value}")
            assert told(shell.run(changed), 201)["lead"][name] == value


# ConvertIQ


def test_convertiq_answers_the_printed_request_with_the_printed_lead(shell: Shell) -> None:
    """The page prints the whole request apart from its curl command, headers and all."""
    text = document("convertiq-api-reference")
    printed = re.search(r"^POST\n(https://\S+?)(Content-Type: .*)\n(X-API-Key: .*)$", text, re.MULTILINE)
    assert printed is not None
    url, *headers = printed.groups()
    body = text[text.index("{", text.index("Request Body")) : text.index("}Response") + 1]
    lines = " ".join(f"-H '{header}'" for header in headers)
    answer = shell.run(f"curl -X POST {url} {lines} -d '{body}'")
    _convertiq_as(answer, after(text, "}Response")["lead"])


def test_convertiq_names_one_user_for_all_leads_of_a_key(shell: Shell) -> None:
    leads = [told(shell.printed(CONVERTIQ), 201)["lead"] for _ in range(2)]
    assert leads[0]["user_id"] == leads[1]["user_id"]
    assert leads[0]["id"] != leads[1]["id"]


# CRMLead Pro


def _printed_header() -> str:
    found = re.search(r"^Authorization: Bearer crmlp_live_x+$", document("crmlead-pro-developer-api"), re.MULTILINE)
    assert found is not None
    return found[0]


def test_crmleadpro_answers_the_printed_get_word_for_word(shell: Shell) -> None:
    text = document("crmlead-pro-developer-api")
    line = re.search(r"^GET (/\S+)$", text, re.MULTILINE)
    assert line is not None
    answer = shell.run(f"curl https://crmleadpro.in{line[1]} -H '{_printed_header()}'")
    assert told(answer, 200) == (printed := after(text, line[0]))
    assert answer.body.decode() == json.dumps(printed, separators=(",", ":"))


def test_crmleadpro_has_every_printed_endpoint(shell: Shell) -> None:
    text = document("crmlead-pro-developer-api")
    endpoints = re.findall(r"^(GET|POST|PATCH|DELETE)\n(/\S+)$", text, re.MULTILINE)
    assert len(endpoints) == 12
    for method, path in endpoints:
        url = "https://crmleadpro.in/api/v1" + path.replace("{id}", "lead_01J2XK3M4N5P6Q7R")
        body = "" if method in {"GET", "DELETE"} else " -H 'Content-Type: application/json' -d '[]'"
        answer = shell.run(f"curl -X {method} {url} -H '{_printed_header()}'{body}")
        expected = {"GET": 200, "DELETE": 204}.get(method, 422)
        assert answer.status == expected, (method, path, answer)


def test_crmleadpro_fires_every_printed_event(shell: Shell) -> None:
    """Each can be asked for when a webhook is registered."""
    text = document("crmlead-pro-developer-api")
    events = re.findall(r"^(\w+\.\w+)\n\nFired when", text, re.MULTILINE)
    assert len(events) == 6
    body = json.dumps({"url": "https://hooks.example.com/crm", "events": events})
    url = "https://crmleadpro.in/api/v1/webhooks"
    given = told(
        shell.run(f"curl -X POST {url} -H '{_printed_header()}' -H 'Content-Type: application/json' -d '{body}'"), 201
    )
    assert given["events"] == events
