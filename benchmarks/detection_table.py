"""The results as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from statistics import median

from benchmarks.detection_tools import TOOLS, Leadmock, Outcome, Settings
from tests.implementations.workshop import Fault

STRICT = TOOLS[0].name
NAMES = tuple(tool.name for tool in TOOLS)


@dataclass(frozen=True, slots=True)
class Judged:
    """What one tool made of one implementation. `kind` is right, fault or variation."""

    api: str
    kind: str
    name: str
    fault: Fault | None
    tool: str
    outcome: Outcome

    @property
    def family(self) -> str:
        """The kind of promise that the fault breaks, such as deduplication."""
        return self.fault.breaks.rpartition("/")[2].split("-")[0].rstrip("*") or "any" if self.fault else ""


class Results:
    """All that has been run. An alarm counts only if the tool does not raise it on the right implementation too."""

    def __init__(self, judged: Iterable[Judged]) -> None:
        self.judged = list(judged)
        self._usual = {(each.api, each.tool): set(each.outcome.alarms) for each in self.of("right") if _ran(each)}

    def of(self, kind: str, tool: str | None = None) -> list[Judged]:
        return [each for each in self.judged if each.kind == kind and tool in (None, each.tool)]

    def new(self, each: Judged) -> set[str]:
        """The alarms that it raises here and not on the right implementation."""
        usual = self._usual.get((each.api, each.tool))
        return set() if usual is None or not _ran(each) else set(each.outcome.alarms) - usual

    def found(self, tried: Iterable[Judged]) -> list[Judged]:
        return [each for each in tried if self.new(each)]


@dataclass(frozen=True, slots=True)
class About:
    """What the page says of how it came about. `planned` is the number of runs when all have been done."""

    planned: int
    sampled: bool
    command: str
    machine: str


def document(judged: Iterable[Judged], settings: Settings, about: About) -> str:
    """The whole page."""
    results = Results(judged)
    parts = (
        [
            _INTRODUCTION.format(
                examples=settings.examples, timeout=f"{settings.timeout:g}", choice=_CHOICE[about.sampled]
            )
        ],
        [f"Machine: {about.machine}.\n\nCommand: `{about.command}`, seed {settings.seed}.\n"],
        _unfinished(results, about.planned),
        ["## Faults found\n", _by(results, lambda each: each.api, "API"), _NAMED.format(**_named(results))],
        ["### By kind of promise\n", _by(results, lambda each: each.family, "Kind")],
        ["### By how much of the traffic a fault shows in\n", _by(results, _subtlety, "Fault")],
        [
            "### By who says that it is a fault\n",
            _by(results, lambda each: each.fault.level if each.fault else "", "Level"),
        ],
        ["## Alarms on what is right\n", _RIGHT, *_alarms(results)],
        ["## Cost of one run\n", _costs(results)],
        ["## Missed\n", *_missed(results)],
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _unfinished(results: Results, planned: int) -> Iterator[str]:
    if len(results.judged) < planned:
        left = planned - len(results.judged)
        yield f"**{left} of {planned} runs have not been done yet: these are no final numbers.**\n"
    bad = [each for each in results.judged if each.outcome.status == "error"]
    if bad:
        yield "Runs that failed by themselves, counted as nothing found:\n"
        yield from (f"- {each.tool}, {each.api}, {each.kind} {each.name}: {_line(each.outcome.said)}" for each in bad)
        yield ""


def _by(results: Results, group: Callable[[Judged], str], title: str) -> str:
    """Found of tried, a line for each group, a column for each tool."""
    tried = results.of("fault")
    groups = [*dict.fromkeys(sorted(group(each) for each in tried)), ""]
    rows = []
    for name in groups:
        cells = []
        for tool in NAMES:
            these = [each for each in tried if each.tool == tool and name in ("", group(each))]
            cells.append(_share(len(results.found(these)), len(these)))
        rows.append((name or "**all**", *cells))
    return _table((title, *NAMES), rows)


def _named(results: Results) -> dict[str, object]:
    found = results.found(results.of("fault", STRICT))
    named = [
        each for each in found if each.fault and any(fnmatchcase(rule, each.fault.breaks) for rule in results.new(each))
    ]
    return {"named": len(named), "found": len(found), "strict": STRICT}


def _alarms(results: Results) -> Iterator[str]:
    rows = []
    for tool in NAMES:
        right, varied = (results.of(kind, tool) for kind in ("right", "variation"))
        alarmed = [each for each in right if each.outcome.alarms]
        unfinished = sum(not _ran(each) for each in (*right, *varied))
        alarms = sum(len(each.outcome.alarms) for each in right)
        rows.append(
            (
                tool,
                f"{len(alarmed)} of {len(right)} ({alarms} alarms)",
                f"{len(results.found(varied))} of {len(varied)}",
                str(unfinished),
            )
        )
    yield _table(("Tool", "Right implementations", "Variations, beyond those", "Not finished"), rows)
    for each in results.judged:
        extra = sorted(each.outcome.alarms if each.kind == "right" else results.new(each))
        if each.kind != "fault" and extra:
            shown = "; ".join(f"`{alarm}`" for alarm in extra[:_SHOWN])
            more = f" and {len(extra) - _SHOWN} more" if len(extra) > _SHOWN else ""
            yield f"- {each.tool}, {each.api}, {each.kind} {each.name}: {shown}{more}".replace(" :", ":")
    yield ""


_SHOWN = 4


def _costs(results: Results) -> str:
    rows = []
    for tool in NAMES:
        done = [each for each in results.judged if each.tool == tool]
        ran = [each.outcome for each in done if _ran(each)]
        apis = dict.fromkeys(each.api for each in done)
        seconds = _median([outcome.seconds for outcome in ran])
        requests = _median([outcome.requests for outcome in ran])
        each_api = (_median([each.outcome.seconds for each in done if each.api == api and _ran(each)]) for api in apis)
        by_api = ", ".join(f"{api} {value}" for api, value in zip(apis, each_api, strict=True))
        rows.append((tool, seconds, requests, by_api, str(sum(each.outcome.status == "timeout" for each in done))))
    return _table(("Tool", "Median seconds", "Median requests", "Median seconds by API", "Timeouts"), rows)


def _missed(results: Results) -> Iterator[str]:
    for tool in NAMES:
        missed = [each for each in results.of("fault", tool) if not results.new(each)]
        yield f"### {tool}: {len(missed)}\n"
        for each in missed:
            marks = [each.fault.level if each.fault else "", "subtle" if each.fault and each.fault.subtle else ""]
            marks += [each.outcome.status if not _ran(each) else ""]
            yield f"- {each.api}: {each.name} ({', '.join(filter(None, (each.family, *marks)))})"
        yield "" if missed else "None.\n"


def _subtlety(each: Judged) -> str:
    return "subtle: most requests look right" if each.fault and each.fault.subtle else "plain"


def _ran(each: Judged) -> bool:
    return each.outcome.status == "ran"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "-"


def _median(values: Sequence[float]) -> str:
    return f"{median(values):.0f}" if values else "-"


def _line(text: str) -> str:
    return " ".join(text.split())[:200]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


_LENIENT = next(tool.name for tool in TOOLS if isinstance(tool, Leadmock) and not tool.strict)
_INTRODUCTION = (
    """\
# Faults found, and alarms on what is right

Three tools try the same implementations of the four APIs, over HTTP: a right one each, the same with a single fault,
and right ones that choose otherwise where the vendor is silent ("variations"). **The implementations, the faults and
the variations are ours** (`tests/implementations`): small servers written from the vendors' documents, and changes of
their text that break one promise each. Rules were added to leadmock where it first
missed some of them, so its share says less about an unknown fault than those of the other two.

The faults are {choice}.

| Tool | How it was run |
|---|---|
| `"""
    + STRICT
    + """` | all credentials and facts of the implementation's target file; all rules |
| `"""
    + _LENIENT
    + """` | the same without what is only assumed; only the faults that break what a vendor says |
| Schemathesis | its command with our spec: all checks and phases, {examples} examples an operation, both modes, two \
tenants' credentials without limits (as identities, so that it looks for one reading the other's records), no NUL \
characters; no check was switched off |
| Dredd | our spec's first examples of every operation and status; hooks add the credentials of a key with limits, put \
the identifiers of created records in place of the examples', and make the requests for 400, 401, 403, 404, 413, 415 \
and 422; 409, 429 and 500 need more than one request and are skipped |

A tool has found a fault if it reports something that it does not report on the unchanged right implementation: a rule
(leadmock), a kind of failure at an operation (Schemathesis), a transaction (Dredd). Whether that is the promise that
was broken is not asked. Each run has a server process of its own, which counts the requests; one tool runs after the
other on the same fault, never two at a time. A run of more than {timeout} s is ended and has found nothing.
Schemathesis and Dredd are not made for what most of these promises are about, relations between requests; they are here
because they are what one would use otherwise. They get the whole spec, with what is only assumed.

The highest share of faults published for generated oracles of REST APIs that we know is 75.4 % (MASTOR, arXiv
2606.10465, oracles derived from source code). That is another corpus, other faults and another task: the two numbers
cannot be compared.
"""
)
_CHOICE = {
    True: "a sample by a seed, a third of them subtle, where the tables have more; so are the variations, unless the "
    "command below names no number of them",
    False: "all that the tables have",
}
_NAMED = """\
Of the {found} that `{strict}` found, {named} were found by a rule of the kind that the fault's entry names.
"""
_RIGHT = f"""\
Alarms on the right implementations count for nothing above. A variation is right where the vendor is silent: only
`{_LENIENT}` is to be quiet there. The others judge by the whole spec, and so by what is only assumed; what they report
is true to the spec that they were given.
"""
