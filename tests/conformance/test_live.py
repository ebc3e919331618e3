"""The mock conforms over a real connection too, as `leadmock serve` runs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract_tests.conformance import conform, facts_of
from mockserver.contract import AVAILABLE, load
from mockserver.docs import credential_headers
from mockserver.settings import Settings
from mockserver.tenants import demo_credentials
from tests.serving import Serving


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with Serving("--unlimited", "--log", "off") as running:
        yield running


@pytest.mark.parametrize("api", AVAILABLE)
def test_the_running_server_conforms_to_the_contract(api: str, serving: Serving) -> None:
    """Fewer requests than in process: what is new is the wire."""
    contract = load(api)
    credential = demo_credentials(contract, Settings(unlimited=True))[0]
    report = conform(
        contract,
        base_url=serving.origin + contract.base_path,
        headers=credential_headers(contract, credential),
        facts=facts_of(api, stages=credential.tenant.world.get("stages", ())),
        seed=1,
        max_examples=10,
        metered=False,
        phases=("examples", "fuzzing", "stateful"),
    )
    print(report)  # noqa: T201  # with the seed, for whoever looks at a failure
    assert not report.failures, str(report)
    assert report.total > 10
