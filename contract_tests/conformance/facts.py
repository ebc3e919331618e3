"""What no schema can say, and a tester has to: the world behind a credential, and rules between members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Facts:
    """Everything may be left out; what is given makes more of the generated requests succeed.

    `choices` maps a member of a record to the values that exist in this world, such as the stages of a
    pipeline; with none at all, the member is left out. `ordered` are pairs of members of which the first must
    not be above the second. `issued` are query parameters whose values only the API gives out, such as a
    cursor. `webhook_url` is where webhooks go: harmless, whatever is sent there.
    """

    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ordered: tuple[tuple[str, str], ...] = ()
    issued: frozenset[str] = frozenset()
    webhook_url: str = "http://127.0.0.1:9999/leadmock"


_KNOWN: Mapping[str, Facts] = {
    "salesiq": Facts(ordered=(("budgetMin", "budgetMax"),)),
    "mega": Facts(choices={"stage_slug": ()}, issued=frozenset(("cursor",))),
}


def facts_of(api: str, *, stages: Iterable[str] = (), webhook_url: str = Facts.webhook_url) -> Facts:
    """What holds for every implementation of an API, and the slugs of the stages that this world has."""
    known = _KNOWN.get(api, Facts())
    return replace(known, choices={name: tuple(stages) for name in known.choices}, webhook_url=webhook_url)
