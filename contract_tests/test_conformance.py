"""Every answer to a valid or invalid request is one that the contract declares."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockserver.contract import AVAILABLE

from .conformance import conform
from .conftest import Target


@pytest.mark.parametrize("api", AVAILABLE)
def test_every_operation_conforms_to_its_contract(
    api: str, target: Callable[[str], Target], seed: int, max_examples: int
) -> None:
    """Valid requests are accepted, invalid ones refused, all answers as declared."""
    tried = target(api)
    report = conform(
        tried.contract,
        app=tried.app,
        headers=tried.headers,
        facts=tried.facts,
        seed=seed,
        max_examples=max_examples,
        metered=False,
    )
    print(report)  # noqa: T201  # with the seed, for whoever looks at a failure
    assert not report.failures, str(report)
    for operation in tried.contract.operations.values():
        reached = report.reached(f"{operation.method} {operation.path}")
        assert any(status < 300 for status in reached), f"{operation.id} never succeeded, so little was tried"
