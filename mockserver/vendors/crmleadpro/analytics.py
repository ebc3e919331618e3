"""The funnel of a pipeline, counted from the present state: volume, conversion, velocity (P31)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from mockserver.contract.schema import FieldError
from mockserver.engine.call import Call, Reply
from mockserver.engine.refusal import invalid_parameter
from mockserver.engine.words import counted
from mockserver.vendors.crmleadpro.pipelines import not_a_pipeline

_DECIMALS = 4
_SECONDS_A_DAY = 86_400


async def getPipelineAnalytics(call: Call) -> Reply:
    """The funnel of one pipeline, of what was created in a period or of everything."""
    slug, pipelines = call.query["pipeline"], call.tenant.world["pipelines"]
    if slug not in pipelines:
        raise invalid_parameter(FieldError("/pipeline", not_a_pipeline(call.tenant)))
    period = _Period.of(call.query)
    leads = [each.data for each in await call.tx.scan("lead") if _counts(each.data, slug, period)]
    deals = [each.data for each in await call.tx.scan("deal") if _counts(each.data, slug, period)]
    stages = pipelines[slug]["stages"]
    at_stage = Counter(lead["pipeline_stage"] for lead in leads)
    won = sum(at_stage[stage["slug"]] for stage in stages if stage["outcome"] == "won")
    call.outcome = f"counted {counted(len(leads), 'lead')} and {counted(len(deals), 'deal')} in {slug}"
    body = {
        "pipeline": slug,
        "volume": {"leads": len(leads), "deals": len(deals), "value": _values(deals)},
        "stages": [
            {
                "slug": stage["slug"],
                "name": stage["name"],
                "leads": at_stage[stage["slug"]],
                "conversion_rate": _share(_came_to(stage, stages, at_stage), len(leads)),
            }
            for stage in stages
        ],
        "conversion_rate": _share(won, len(leads)),
        "velocity_days": _velocity(deals),
    }
    return Reply(200, body)


@dataclass(frozen=True, slots=True)
class _Period:
    """From a moment on, until just before another; None is open."""

    start: datetime | None
    end: datetime | None

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> _Period:
        # The schema has let through only what a datetime can hold.
        start, end = (query.get(name) for name in ("created_from", "created_to"))
        return cls(start and _moment(start), end and _moment(end))

    def __contains__(self, moment: datetime) -> bool:
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)


def _counts(data: Mapping[str, Any], pipeline: str, period: _Period) -> bool:
    return data["pipeline"] == pipeline and _moment(data["created_at"]) in period


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _values(deals: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Sums by currency, in decimals: 0.1 and 0.2 are 0.3."""
    sums: dict[str, Decimal] = {}
    for deal in deals:
        currency = deal["currency"]
        sums[currency] = sums.get(currency, Decimal(0)) + Decimal(str(deal["value"]))
    return {currency: int(total) if total == int(total) else float(total) for currency, total in sums.items()}


def _came_to(stage: Mapping[str, Any], stages: Sequence[Mapping[str, Any]], at_stage: Mapping[str, int]) -> int:
    """How many leads are at this stage or a later one. A lost lead came to the lost stage only."""
    if stage["outcome"] == "lost":
        return at_stage[stage["slug"]]
    later = (each for each in stages if each["position"] >= stage["position"] and each["outcome"] != "lost")
    return sum(at_stage[each["slug"]] for each in later)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, _DECIMALS) if whole else None


def _velocity(deals: Iterable[Mapping[str, Any]]) -> float | None:
    """The mean time in days until a deal was won. Winning is the last that happens to a deal."""
    times = [
        (_moment(deal["updated_at"]) - _moment(deal["created_at"])).total_seconds()
        for deal in deals
        if deal["status"] == "won"
    ]
    return round(sum(times) / len(times) / _SECONDS_A_DAY, _DECIMALS) if times else None
