"""The samples of a run as tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from benchmarks import flatness
from benchmarks.abilities import ABILITIES
from benchmarks.in_process import WAYS
from benchmarks.samples import Samples
from benchmarks.servers import FILLED, FLOOR, LIMITING, PRISM, PRISM_QUIET, QUIET, SERVERS, STARTED
from benchmarks.table import Table, figure, times
from benchmarks.verifying import APIS, SCHEMATHESIS, SERVED, TOOLS
from benchmarks.work import BULK, BULK_ROWS, CREATE, LIST, REFUSED, SEARCH, Work

_MIB = 2**20
_WIDTH_OF_REASON = 60
_LOGS = {server.name: server.logs for server in SERVERS}
_KEEPS = {server.name for server in SERVERS if server.keeps}


def tables(samples: Samples) -> Iterator[Table]:
    """Those that something was measured for."""
    made = (
        _headline(samples),
        _under_load(samples, LIST, "List: a page of 20 leads"),
        _refused(samples),
        _bulk(samples),
        _starts(samples),
        _memory(samples),
        _flat(samples),
        _verified(samples),
        _in_process(samples),
        _abilities(samples),
    )
    return (table for table in made if table.rows)


def _headline(samples: Samples) -> Table:
    table = _under_load(samples, CREATE, "Create: one new lead a request")
    note = (
        "Each request has a contact and an `Idempotency-Key` of its own. leadmock checks the key, its scope and its "
        "customer, counts the request against the limits, validates it, looks for the contact and for the idempotency "
        "key, and stores the lead and the answer; what the others do of that is in the last table. "
        "*Prism needs* compares log on with log on, and log off with log off."
    )
    return Table(table.title, table.columns, table.rows, note)


def _under_load(samples: Samples, work: Work, title: str) -> Table:
    columns = ("", "CPU s / 1,000", "x bare uvicorn", "Prism needs", "req/s", "p50 ms", "p99 ms", "errors")
    floor = samples.median(work.name, FLOOR.name, "cpu")
    rows: list[Sequence[str]] = []
    for server in samples.servers(work.name):
        reason = samples.failure(work.name, server)
        if reason:
            rows.append(_failed(server, reason, len(columns)))
            continue
        found = {name: samples.median(work.name, server, name) for name in ("cpu", "rate", "p50", "p99", "wrong")}
        prism = samples.median(work.name, (PRISM if _LOGS.get(server) else PRISM_QUIET).name, "cpu")
        measured = [figure(found[name]) for name in ("rate", "p50", "p99")]
        rows.append(
            (
                server,
                figure(found["cpu"]),
                times(found["cpu"], floor),
                times(prism, found["cpu"]),
                *measured,
                _share(found["wrong"]),
            )
        )
    return Table(title, columns, rows)


def _refused(samples: Samples) -> Table:
    columns = ("CPU s / 1,000", *(work.name.removeprefix("refused ") for work in REFUSED))
    names = list(dict.fromkeys(name for work in REFUSED for name in samples.servers(work.name)))
    rows = [(name, *(_refusal(samples, work, name) for work in REFUSED)) for name in names]
    note = (
        "400: a field that is not valid; 401: no key; 409: an idempotency key that had another body; 429: too many "
        "requests, which leadmock alone refuses. Where a server does not refuse, the cell has its answer instead."
    )
    return Table("Refused requests", columns, rows, note)


def _refusal(samples: Samples, work: Work, server: str) -> str:
    cpu = samples.median(work.name, server, "cpu")
    return figure(cpu) if cpu is not None else samples.failure(work.name, server) or "-"


def _bulk(samples: Samples) -> Table:
    columns = ("", "ms / 500 rows", "rows/s", "CPU s / 1,000 rows", "single creates/s", "bulk is faster")
    rows: list[Sequence[str]] = []
    for server in samples.servers(BULK.name):
        reason = samples.failure(BULK.name, server)
        if reason:
            rows.append(_failed(server, reason, len(columns)))
            continue
        rate = samples.median(BULK.name, server, "rate") or math.nan
        cpu = samples.median(BULK.name, server, "cpu") or math.nan
        single = samples.median(CREATE.name, server, "rate")
        p50 = figure(samples.median(BULK.name, server, "p50"))
        by_row = (figure(rate * BULK_ROWS), figure(cpu / BULK_ROWS))
        rows.append((server, p50, *by_row, figure(single), times(rate * BULK_ROWS, single)))
    note = "One connection, one import after the other; the single creates are those of the first table."
    return Table("Bulk import of 500 rows", columns, rows, note)


def _starts(samples: Samples) -> Table:
    columns = ("", "ms to the first 201", "slowest", "memory MiB")
    rows: list[Sequence[str]] = []
    names = [server.name for server in STARTED if server.name in samples.servers("start")]
    for server in names:
        reason = samples.failure("start", server)
        if reason:
            rows.append(_failed(server, reason, len(columns)))
            continue
        slowest = max(values["seconds"] for values in samples.of("start", server))
        median = 1000 * (samples.median("start", server, "seconds") or math.nan)
        resident = (samples.median("start", server, "resident") or math.nan) / _MIB
        rows.append((server, figure(median), figure(1000 * slowest), figure(resident)))
    note = "From the command, as its user types it, to the answer to the first create. Bytecode is compiled."
    return Table("Start", columns, rows, note)


def _memory(samples: Samples) -> Table:
    columns = ("", "MiB at the start", "MiB after the rounds", "leads by then", "bytes a lead")
    rows: list[Sequence[str]] = []
    for server in samples.servers("memory"):
        (values, *_) = samples.of("memory", server)
        boot, after, leads = (values[name] for name in ("boot", "after", "leads"))
        kept = (f"{leads:,.0f}", figure((after - boot) / leads)) if server in _KEEPS and leads else ("keeps none", "-")
        rows.append((server, figure(boot / _MIB), figure(after / _MIB), *kept))
    rows += [
        ("leadmock, filled in bulk", "-", "-", f"{values['leads']:,.0f}", figure(values["bytes"]))
        for values in samples.of("filled", FILLED.name)
    ]
    note = (
        "Resident memory of the process and its children. A lead of the rounds that came alone brings its remembered "
        "answer with it, for the `Idempotency-Key`; one that came in bulk does not. Garbage that is not yet "
        "given back counts too."
    )
    return Table("Memory", columns, rows, note)


def _flat(samples: Samples) -> Table:
    filled = samples.of("filled", FILLED.name)
    sizes = sorted({int(name.partition(" at ")[2]) for name in samples.works() if " at " in name})
    columns = (
        "",
        *(f"CPU s / 1,000 at {size:,}" for size in sizes),
        "ratio",
        *(f"p50 ms at {size:,}" for size in sizes),
    )
    rows: list[Sequence[str]] = []
    for server, where in flatness.SERVERS.items():
        for work in (CREATE, LIST, SEARCH):
            title = f"{work.name}, {where}"
            names = [flatness.name(work, size) for size in sizes]
            cpu = [samples.median(name, server.name, "cpu") for name in names]
            p50 = [figure(samples.median(name, server.name, "p50")) for name in names]
            reasons = [reason for name in names if (reason := samples.failure(name, server.name))]
            if reasons:
                rows.append(_failed(title, reasons[0], len(columns)))
            elif sizes:
                rows.append((title, *map(figure, cpu), times(cpu[-1], cpu[0]), *p50))
    speed = f" In memory it was filled in {figure(filled[0]['seconds'])} s." if filled else ""
    searches = samples.of(flatness.name(SEARCH, sizes[-1]), FILLED.name) if sizes else []
    if searches and "warm" in searches[0]:
        speed += f" The searches before the first round, which index its texts, took {figure(searches[0]['warm'])} s."
    note = f"leadmock with so many stored leads, its log off, in memory and on an SQLite file.{speed}"
    return Table("Flatness", columns, rows, note)


def _verified(samples: Samples) -> Table:
    columns = ("", *(f"{tool}, s" for tool in TOOLS), f"{SERVED}, cases/s", f"{SCHEMATHESIS}, cases/s")
    rows: list[Sequence[str]] = []
    for api in APIS:
        work = f"verify {api}"
        if not samples.servers(work):
            continue
        seconds = [_seconds(samples, work, tool) for tool in TOOLS]
        rows.append((api, *seconds, _per_second(samples, work, SERVED), _per_second(samples, work, SCHEMATHESIS)))
    note = (
        "`leadmock verify` alone tries the built-in mock in process, with credentials for every rule. Over HTTP it "
        "tries a running `leadmock serve --unlimited` with one credential, as `st run` does with the same document; "
        "a case is a request that this server has logged."
    )
    return Table("Verifying the local mock", columns, rows, note)


def _seconds(samples: Samples, work: str, tool: str) -> str:
    seconds = samples.median(work, tool, "seconds")
    if seconds is not None:
        return figure(seconds)
    reason = samples.failure(work, tool)
    return f"failed: {reason[:_WIDTH_OF_REASON]}" if reason else "-"


def _per_second(samples: Samples, work: str, tool: str) -> str:
    found = samples.of(work, tool)
    return figure(found[0]["requests"] / found[0]["seconds"]) if found else "-"


def _in_process(samples: Samples) -> Table:
    columns = ("", "µs of CPU a create", "x static, same client")
    rows: list[Sequence[str]] = []
    for way in samples.servers("in process"):
        reason = samples.failure("in process", way)
        if reason:
            rows.append(_failed(way, reason, len(columns)))
            continue
        spent = samples.median("in process", way, "microseconds")
        compared = samples.median("in process", WAYS[way].compared_with, "microseconds") if way in WAYS else None
        rows.append((way, figure(spent), times(spent, compared)))
    note = "Without a socket, as in a test: what most of it costs is httpx itself."
    return Table("In process", columns, rows, note)


def _abilities(samples: Samples) -> Table:
    names = samples.servers("abilities")
    columns = ("", *("leadmock" if name == LIMITING.name else name for name in names))
    rows = [
        (ability.says, *(_yes(samples.median("abilities", name, ability.says)) for name in names))
        for ability in ABILITIES
        if names
    ]
    note = "Tried in this run, on each server as it is measured above."
    return Table("What each of them does", columns, rows, note)


def _yes(value: float | None) -> str:
    return "failed" if value is None else "yes" if value else "no"


def _share(value: float | None) -> str:
    return "-" if value is None else "0" if value == 0 else f"{100 * value:.1f} %"


def _failed(name: str, reason: str, columns: int) -> Sequence[str]:
    clean = reason.replace("|", "/").replace("\n", " ")
    return name, f"failed: {clean[:_WIDTH_OF_REASON]}", *["-"] * (columns - 2)


def summary(samples: Samples) -> str:
    """The headline in a sentence or two."""
    ours, floor, prism = (samples.median(CREATE.name, server.name, "cpu") for server in (QUIET, FLOOR, PRISM_QUIET))
    if ours is None or floor is None:
        return "The create of leadmock was not measured."
    said = f"A create costs leadmock {figure(ours)} CPU seconds per 1,000: {times(ours, floor)} bare uvicorn"
    return f"{said}. Prism with its log off needs {times(prism, ours)} that." if prism else f"{said}."
