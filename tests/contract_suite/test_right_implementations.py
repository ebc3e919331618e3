"""No false alarm: implementations that are right, and choose otherwise where the vendor is silent, break no promise."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.contract_suite.judged import broken, described, verdicts, verdicts_on
from tests.implementations.workshop import APIS, variations

#: LEADMOCK_SEEDS=20 tries more of them; LEADMOCK_ALL=1 tries every variation of the large APIs too.
SEEDS = range(1, int(os.environ.get("LEADMOCK_SEEDS", "1")) + 1)
EVERY = bool(os.environ.get("LEADMOCK_ALL"))
# Each takes a while with these.
_A_FEW = {"mega": 2, "crmleadpro": 5}

VARIATIONS = [
    pytest.param(api, one.changes, id=f"{api}-{one.name}")
    for api in APIS
    for one in (variations(api) if EVERY else variations(api)[: _A_FEW.get(api)])
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("api", "changes"), VARIATIONS)
def test_another_right_implementation_breaks_nothing(api: str, changes: tuple[tuple[str, str], ...], seed: int) -> None:
    found = verdicts(api, changes, seed=seed)
    assert broken(found) == []
    # Limits that come back bit by bit leave those rules of an API of one operation aside.
    assert sum(one.status == "kept" for one in found) > 15, "little was tried"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("api", APIS)
def test_an_implementation_of_all_decisions_keeps_every_rule(api: str, seed: int) -> None:
    """Written from the documents and decisions alone, without a look at the mock: in strict mode too."""
    found = verdicts(api, seed=seed, strict=True)
    assert broken(found) == []
    unchecked = [one.rule.id for one in found if one.status == "not-checked" and "--patient" not in one.detail]
    assert len(unchecked) <= 2, unchecked


@pytest.mark.parametrize("name", ["small-plan", "main-workspace"])
def test_a_plan_without_room_leaves_the_rate_to_be_tried(name: str) -> None:
    changes = next(one.changes for one in variations("salesiq") if one.name == name)
    found = verdicts("salesiq", changes, strict=True, only=("*limits*",))
    assert broken(found) == []
    assert next(one.status for one in found if one.rule.id.endswith("limits-exactly")) == "kept"


def test_an_owner_with_the_id_of_a_sample_is_an_owner() -> None:
    """Nobody is not told by an id out of a document: an implementation may have taken its owner from there."""
    made = "str(uuid.uuid5(uuid.UUID(customer), name)): {"
    sample = f'"0c7a9a34-6b1e-4a43-9d0f-5e2b8c4d6f30" if (customer, role) == (A, "Agent") else {made}'
    found = verdicts("mega", [(made, sample)], strict=True, only=("*batch-*",))
    assert broken(found) == []
    assert next(one.status for one in found if one.rule.id.endswith("batch-owner")) == "kept"


@pytest.mark.parametrize("api", APIS)
def test_a_target_of_which_one_key_is_told_keeps_every_rule(api: str) -> None:
    """No second tenant, no limited key, no facts, no place for webhooks: less is tried, and nothing is made up."""
    told = described(api)
    found = verdicts_on(replace(told, credentials=told.credentials[:1], facts={}, webhooks=None), strict=True)
    assert broken(found) == []
    assert sum(one.status == "kept" for one in found) > 20, "little was tried"
