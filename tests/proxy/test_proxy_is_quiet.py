"""No false alarm: a right API stays without blame, whatever a client does to it."""

from __future__ import annotations

import pytest

from contract_tests.lab import Options
from contract_tests.run import Plan, run
from contract_tests.target import read
from contract_tests.verify import Selection
from mockserver.contract import AVAILABLE
from mockserver.twin import Twin
from tests.implementations.workshop import implementation, variations
from tests.proxy.watching import watched

# Those that send the most that is wrong; the others add what takes long and is right.
_KINDS = ("access", "conformance", "idempotency", "robustness")


@pytest.mark.parametrize("api", AVAILABLE)
def test_the_mock_is_not_blamed_while_the_contract_suite_tries_it_and_keeps_its_promises_behind_the_proxy(
    api: str,
) -> None:
    twin = Twin(api)
    with watched(api, twin.mock, {}) as proxy:
        target = read({api: {"url": proxy.url.removesuffix(proxy.session.contract.base_path), **twin.described()}}, api)
        result = run(Plan(target, Options(seed=3), Selection(kinds=_KINDS)))
    broken = [f"{one.rule.id}: {one.detail}\n  {one.curl}" for one in result.those("broken")]
    assert not broken, "\n".join(broken)  # whole: it is hard to see again
    assert proxy.of_the_api == {}
    # The mistakes were there, and were told as the client's.
    assert proxy.session.ledger.deviations["client"] > 20
    assert proxy.session.ledger.exchanges >= result.requests > 100


@pytest.mark.parametrize("api", AVAILABLE)
def test_other_right_implementations_are_not_blamed(api: str) -> None:
    """They choose otherwise where the vendor is silent."""
    for variation in variations(api)[:3]:
        module = implementation(api, variation.changes)
        with watched(api, module.application(), {}) as proxy:
            origin = proxy.url.removesuffix(proxy.session.contract.base_path)
            target = read({api: {"url": origin, **module.target()}}, api)
            run(Plan(target, Options(seed=2), Selection(kinds=("access", "idempotency"))))
        assert proxy.of_the_api == {}, variation.name
