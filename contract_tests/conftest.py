"""What the contract tests try: the built-in mock, in process, fresh for each test.

The only file here that knows the mock; everything else sees a contract and an address.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from mockserver.app import Mock
from mockserver.contract import Contract
from mockserver.docs import credential_headers
from mockserver.settings import Settings

from .facts import Facts, facts_of


@dataclass(frozen=True, slots=True)
class Target:
    """An implementation to be tried, and the credential to try it with."""

    contract: Contract
    app: Any
    headers: Mapping[str, str]
    facts: Facts


@pytest.fixture
def target() -> Callable[[str], Target]:
    """The target of an API: a fresh mock without limits."""

    def make(api: str) -> Target:
        mock = Mock(Settings(apis=(api,), unlimited=True))
        credential = mock.add_tenant(api, unlimited=True)
        facts = facts_of(api, stages=credential.tenant.world.get("stages", ()))
        contract = mock.contracts[api]
        return Target(contract, mock, credential_headers(contract, credential), facts)

    return make


@pytest.fixture
def seed() -> int:
    """LEADMOCK_SEED sends other requests; without it every run sends the same."""
    return int(os.environ.get("LEADMOCK_SEED", "1"))


@pytest.fixture
def max_examples() -> int:
    """LEADMOCK_EXAMPLES is how many requests to generate for each operation, and scenarios in all."""
    return int(os.environ.get("LEADMOCK_EXAMPLES", "30"))
