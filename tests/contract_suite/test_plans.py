"""How many leads a plan holds is tried with a key that has a rate too, as far as that rate allows."""

from __future__ import annotations

from contract_tests.rule import Verdict
from tests.contract_suite.judged import broken, verdicts
from tests.implementations.workshop import Change

_STARTER = '"workspace-c", limits={"per_minute": 30, "max_leads": 500}),'
_LIMITED = f'Key("limited", "sqk_live_starter_5GhY3nVc94", {_STARTER}'
_OTHERS = (
    f'    Key("limited-too", "sqk_live_second_8DjZ6pRt17", {_STARTER}\n',
    '    Key("capped", "sqk_live_capped_1MwQ7bXk35", "workspace-d", limits={"max_leads": 5}),\n',
    '    Key("capped-too", "sqk_live_capped_6TzK2fWd80", "workspace-d", limits={"max_leads": 5}),\n',
)
_AT_CAP = '    if len(workspace["leads"]) >= key.limits.get("max_leads", math.inf):\n'
# All but the one that looks at the rate's refusal, for which a minute would have to go by.
_RULES = tuple(
    f"*limits-leads-{name}*" for name in ("allowed", "refused", "together", "duplicate", "invalid", "counted")
)


def test_a_plan_is_filled_with_a_key_that_has_a_rate() -> None:
    found = _verdicts(60, 10)
    assert broken(found) == []
    assert {one.status for one in found} == {"kept"}


def test_a_plan_that_holds_one_more_is_found_with_a_key_that_has_a_rate() -> None:
    found = _verdicts(60, 10, (_AT_CAP, _AT_CAP.replace(">=", ">")))
    assert any("limits-leads-refused:" in text for text in broken(found)), broken(found)


def test_a_plan_that_would_take_many_minutes_to_fill_is_not_checked_and_says_so() -> None:
    found = _verdicts(30, 500)
    assert {one.status for one in found} == {"not-checked"}
    assert "500 leads at 30 a minute take too long" in found[0].detail


def _verdicts(per_minute: int, max_leads: int, *changes: Change) -> list[Verdict]:
    limited = _LIMITED.replace("30", str(per_minute)).replace("500", str(max_leads))
    only_key = ((_LIMITED, limited), *((other, "") for other in _OTHERS))
    return verdicts("salesiq", (*only_key, *changes), strict=True, only=_RULES)
