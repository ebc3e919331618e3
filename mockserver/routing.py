"""Routing: a table of paths per API, found by the longest base path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from mockserver.plan import Plan

_PARAMETER = re.compile(r"\{([^}]+)\}")


@dataclass(slots=True)
class Route:
    """One path template and the plan of each of its methods."""

    template: str
    plans: dict[str, Plan] = field(default_factory=dict)

    @property
    def allow(self) -> str:
        """The Allow header: what is declared, and what every path answers."""
        methods = set(self.plans) | {"OPTIONS"}
        if "GET" in methods:
            methods.add("HEAD")
        return ", ".join(sorted(methods))


class RouteTable:
    """The routes of one API below its base path. Paths match exactly: no redirects, no folding."""

    def __init__(self, base_path: str) -> None:
        self.base_path = base_path
        self._exact: dict[str, Route] = {}
        self._templated: list[tuple[re.Pattern[str], Route]] = []

    def add(self, template: str, method: str, plan: Plan) -> None:
        """Register a plan under its path template, such as "/leads/{id}"."""
        path = self.base_path + template
        if "{" not in template:
            self._exact.setdefault(path, Route(template)).plans[method] = plan
            return
        for _, route in self._templated:
            if route.template == template:
                route.plans[method] = plan
                return
        pattern = "".join(
            f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(_PARAMETER.split(path))
        )
        self._templated.append((re.compile(pattern + r"\Z"), Route(template, {method: plan})))

    def hint(self, path: str) -> str:
        """What was probably meant by a path that leads nowhere, as the end of a sentence."""
        known = [*self._exact, *(self.base_path + route.template for _, route in self._templated)]
        meant = get_close_matches(path[:200].rstrip("/"), known, n=1, cutoff=0.8)
        return f"; did you mean {meant[0]}?" if meant else ""

    def find(self, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """The route of a decoded path and its parameters' texts, or None."""
        route = self._exact.get(path)
        if route is not None:
            return route, {}
        for pattern, templated in self._templated:
            match = pattern.match(path)
            if match:
                return templated, match.groupdict()
        return None
