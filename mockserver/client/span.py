"""A length of time, as it is given by who moves a clock."""

from __future__ import annotations


def seconds_of(seconds: float, minutes: float, hours: float, days: float) -> float:
    """Their sum. TypeError for what is no number."""
    for name, value in {"seconds": seconds, "minutes": minutes, "hours": hours, "days": days}.items():
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise TypeError(f"advance({name}={value!r}): give numbers, such as advance(hours=25) or advance(90)")
    return seconds + 60 * minutes + 3600 * hours + 86_400 * days
