"""How long `leadmock verify` takes on the local mock, beside plain Schemathesis with the same document and server."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.detection_tools import headers_of, toml
from benchmarks.process import Process
from benchmarks.rounds import Say
from benchmarks.samples import Sample, Samples
from benchmarks.servers import BIN, ROOT, ServerFailed, free_port
from mockserver.contract import load
from mockserver.tenants import DEMOS

APIS = ("salesiq", "mega", "convertiq", "crmleadpro")
BUILT_IN, TWO_WORKERS = "leadmock verify", "leadmock verify --workers 2"
SERVED, SCHEMATHESIS = "leadmock verify over HTTP", "st run"
TOOLS = (BUILT_IN, TWO_WORKERS, SERVED, SCHEMATHESIS)
_TIMEOUT = 180
_START_SECONDS = 60
# Both tools: nothing found, something found.
_EXITS = (0, 1)


def measure(samples: Samples, folder: Path, say: Say) -> None:
    """Each API in turn, with each tool once."""
    for api in APIS:
        for tool in TOOLS:
            say(f"{tool}: {api}")
            own = folder / f"{api}-{TOOLS.index(tool)}"
            own.mkdir(parents=True)
            try:
                values = _in_process(tool, api, own) if tool in (BUILT_IN, TWO_WORKERS) else _served(tool, api, own)
            except (ServerFailed, OSError, ValueError) as error:
                samples.add(Sample(f"verify {api}", tool, failed=str(error)))
                say(f"  {error}")
            else:
                samples.add(Sample(f"verify {api}", tool, values))


def _in_process(tool: str, api: str, folder: Path) -> dict[str, float]:
    workers = ("--workers", "2") if tool == TWO_WORKERS else ()
    seconds = _run((BIN / "leadmock", "verify", api, "--json", folder / "verdicts.json", *workers), folder)
    return {"seconds": seconds, **_verdicts(folder)}


def _served(tool: str, api: str, folder: Path) -> dict[str, float]:
    """The requests are those that the server has logged, the same count for both tools."""
    contract = load(api)
    demo = DEMOS[api][0]
    secret = next(iter(demo.secrets))
    with _server(api, folder) as (origin, log):
        if tool == SERVED:
            (folder / "target.toml").write_text(_target(api, origin, secret, demo.id), "utf-8")
            given: Sequence[object] = ("--target", folder / "target.toml", "--json", folder / "verdicts.json")
            seconds = _run((BIN / "leadmock", "verify", api, *given), folder)
        else:
            headers = headers_of(api, {"token": secret, "tenant": demo.id}).items()
            fields = [part for name, value in headers for part in ("--header", f"{name}: {value}")]
            spec = ROOT / "specs" / f"{api}.yaml"
            given = (spec, "--url", origin + contract.base_path, *fields, "--seed", "1")
            seconds = _run((BIN / "st", "run", *given), folder)
        requests = sum(line.startswith("{") for line in log.read_text("utf-8").splitlines())
    return {"seconds": seconds, **(_verdicts(folder) if tool == SERVED else {}), "requests": requests}


def _target(api: str, origin: str, secret: str, tenant: str) -> str:
    """The target file: one credential, which the server does not limit."""
    credential = {"name": "full", "token": secret, "tenant": tenant, "unlimited": True}
    return f"{api} = {toml({'url': origin, 'credentials': [credential]})}\n"


@contextmanager
def _server(api: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Our mock of one API with a JSON line for each request: its origin, and the file with the lines."""
    port, log = free_port(), folder / "log.txt"
    command = [BIN / "leadmock", "serve", "--api", api, "--port", port, "--unlimited", "--log", "json"]
    with Process([str(part) for part in command], folder, log) as process:
        ends = time.monotonic() + _START_SECONDS
        while "Ready." not in log.read_text("utf-8"):
            if not process.alive or time.monotonic() > ends:
                raise ServerFailed(f"leadmock serve does not start; it said: {process.last_words()}")
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}", log


def _run(command: Sequence[object], folder: Path) -> float:
    """The seconds that it took."""
    began = time.perf_counter()
    with Process([str(part) for part in command], folder, folder / "output.txt") as process:
        try:
            status = process.wait(_TIMEOUT)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"not done after {_TIMEOUT} s") from None
        if status not in _EXITS:
            raise ServerFailed(f"exit status {status}: {process.last_words()}")
    return time.perf_counter() - began


def _verdicts(folder: Path) -> dict[str, float]:
    told = json.loads((folder / "verdicts.json").read_text("utf-8"))
    statuses = [rule["status"] for rule in told["rules"]]
    counts = {status: float(statuses.count(status)) for status in ("kept", "broken", "not-checked")}
    return {"requests": float(told["requests"]), **counts}
