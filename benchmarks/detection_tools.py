"""The tools under comparison, each run once against one implementation in a server of its own."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from benchmarks.detection_server import COUNT_PATH
from mockserver.contract import load
from tests.implementations.workshop import target

ROOT = Path(__file__).parents[1]
HOOKS = Path(__file__).with_name("detection_hooks.js")
_START_SECONDS = 60
_LAST_WORDS = 600
# Nothing found, something found; with all tools another one says that it could not run.
_EXITS = (0, 1)


@dataclass(frozen=True, slots=True)
class Settings:
    """`dredd` is the program's path; `examples` those of Schemathesis for each operation; `timeout` in seconds."""

    seed: int
    timeout: float
    examples: int
    dredd: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is ran, timeout or error. `alarms` are what the tool calls broken, in its own terms."""

    status: str
    seconds: float
    requests: int
    alarms: tuple[str, ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """How a tool is started."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def headers_of(api: str, key: Mapping[str, Any]) -> dict[str, str]:
    """What a request with this credential of a target carries."""
    contract = load(api)
    scheme = next(iter(contract.security.values()))
    secret = key.get("token") or key["api_key"]
    found = {scheme.header: f"Bearer {secret}" if scheme.kind == "bearer" else secret}
    return found | ({contract.tenancy.header: key["tenant"]} if contract.tenancy.header else {})


def unlimited(api: str) -> list[dict[str, Any]]:
    """The credentials without limits, one of each tenant; the main one is the first."""
    found: dict[str, dict[str, Any]] = {}
    for key in target(api)["credentials"]:
        if key.get("unlimited"):
            found.setdefault(key["tenant"], key)
    return list(found.values())


class Tool:
    """One tool with its configuration. `name` is how tables call it."""

    name: str

    def command(self, api: str, origin: str, folder: Path, settings: Settings) -> Command:
        """Write its files into the folder, and say how it is started there."""
        raise NotImplementedError

    def alarms(self, folder: Path) -> Iterator[str]:
        """What it reports, from the files that it has written. Raises OSError or ValueError where there are none."""
        raise NotImplementedError

    def made_of(self, api: str, settings: Settings) -> str:
        """Everything that its findings depend on, but for the implementation."""
        raise NotImplementedError


class Leadmock(Tool):
    """`leadmock verify`, of what is assumed too if `strict`. An alarm is the id of a broken rule."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.name = "leadmock verify --strict" if strict else "leadmock verify"

    def command(self, api: str, origin: str, folder: Path, settings: Settings) -> Command:
        document = {api: {"url": origin, **target(api)}, "webhooks": {"listen": "127.0.0.1:0"}}
        lines = [f"{name} = {toml(value)}" for name, value in document.items()]
        (folder / "target.toml").write_text("\n".join(lines) + "\n", "utf-8")
        options = ("--target", "target.toml", "--json", "verdicts.json", "--seed", str(settings.seed))
        strictly = ("--strict",) if self.strict else ()
        return Command((sys.executable, "-m", "mockserver", "verify", api, *options, *strictly))

    def alarms(self, folder: Path) -> Iterator[str]:
        verdicts = json.loads((folder / "verdicts.json").read_text("utf-8"))
        return (rule["id"] for rule in verdicts["rules"] if rule["status"] == "broken")

    def made_of(self, api: str, settings: Settings) -> str:  # noqa: ARG002  # all tools are asked alike
        files = (path for folder in ("contract_tests", "mockserver/contract") for path in (ROOT / folder).rglob("*.py"))
        return "".join(path.read_text("utf-8") for path in sorted(files)) + _spec(api).read_text("utf-8")


class Schemathesis(Tool):
    """Its command with our spec: all checks and phases. An alarm is a kind of failure at an operation."""

    name = "Schemathesis"

    def command(self, api: str, origin: str, folder: Path, settings: Settings) -> Command:
        users = [
            {"name": name, "fixedHeaders": [{"name": header, "value": v} for header, v in headers_of(api, key).items()]}
            for name, key in zip(("main", "other"), unlimited(api), strict=False)
        ]
        (folder / "identities.json").write_text(json.dumps({"auth": users}), "utf-8")
        (folder / "schemathesis.toml").write_text(self._configuration(settings), "utf-8")
        program = Path(sys.executable).with_name("schemathesis")
        run = ("run", str(_spec(api)), "--origin", origin, "--report", "json", "--report-json-path", "report.json")
        return Command((str(program), "--config-file", "schemathesis.toml", *run, "--no-color"))

    def alarms(self, folder: Path) -> Iterator[str]:
        report = json.loads((folder / "report.json").read_text("utf-8"))
        for failure in report["failures"]:
            for operation in failure["operations"] or ("",):
                yield f"{failure['code']} {failure['title']}: {operation}"

    def made_of(self, api: str, settings: Settings) -> str:
        return version("schemathesis") + self._configuration(settings) + _spec(api).read_text("utf-8")

    def _configuration(self, settings: Settings) -> str:
        return (
            f"seed = {settings.seed}\n"
            "continue-on-failure = true\n"
            "checks.enabled = true\n"
            "auth.auto-signup = false\n"
            'auth.wfc = {path = "identities.json", user = "main", peers = ["main", "other"]}\n'
            "cache.enabled = false\n"
            f'generation = {{mode = "all", max-examples = {settings.examples}, database = "none", allow-x00 = false}}\n'
        )


class Dredd(Tool):
    """Dredd with our spec's examples and hooks. An alarm is the name of a failed transaction."""

    name = "Dredd"

    def command(self, api: str, origin: str, folder: Path, settings: Settings) -> Command:
        # One with limits, which are far above its few requests: its examples have the headers that tell of them.
        key = next((key for key in target(api)["credentials"] if "per_minute" in key.get("limits", {})), None)
        headers = headers_of(api, key or unlimited(api)[0])
        hooks = {
            "headers": headers,
            "forbidden": _forbidden(api, headers),
            "integers": _integers(api),
            "bytes": {f"{op.method} {op.path}": op.max_bytes for op in load(api).operations.values()},
            "results": "results.json",
        }
        (folder / "hooks.json").write_text(json.dumps(hooks), "utf-8")
        # As JSON, which its parser takes whole; some of our YAML it does not.
        (folder / "openapi.json").write_text(json.dumps(load(api).document), "utf-8")
        arguments = (str(settings.dredd.absolute()), "openapi.json", origin + load(api).base_path)
        options = ("--hookfiles", str(HOOKS), "--sorted", "--no-color", "--loglevel", "error", "--config", "none.yml")
        return Command((*arguments, *options), {"DETECTION_HOOKS": "hooks.json", "NODE_NO_WARNINGS": "1"})

    def alarms(self, folder: Path) -> Iterator[str]:
        results = json.loads((folder / "results.json").read_text("utf-8"))
        return (result["name"] for result in results if result["status"] == "fail")

    def made_of(self, api: str, settings: Settings) -> str:
        return dredd_version(settings.dredd) + HOOKS.read_text("utf-8") + _spec(api).read_text("utf-8")


TOOLS: tuple[Tool, ...] = (Leadmock(strict=True), Leadmock(strict=False), Schemathesis(), Dredd())


def digest(tool: Tool, api: str, implementation: str, settings: Settings) -> str:
    """Changes with the implementation, the tool, its configuration and the seed: an old result then counts no more."""
    text = "\0".join((tool.made_of(api, settings), implementation, str(settings.seed)))
    return sha256(text.encode()).hexdigest()[:16]


def tried(tool: Tool, api: str, kind: str, name: str, settings: Settings) -> Outcome:
    """Run the tool against this implementation, from the start of the one to the end of the other."""
    with serving(api, kind, name) as origin, tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        command = tool.command(api, origin, folder, settings)
        began = time.perf_counter()
        code, said = _run(command, folder, settings.timeout)
        seconds = round(time.perf_counter() - began, 2)
        requests = _count(origin)
        if code is None:
            return Outcome("timeout", seconds, requests)
        if code not in _EXITS:
            return Outcome("error", seconds, requests, said=f"exit status {code}: {said[-_LAST_WORDS:]}")
        try:
            return Outcome("ran", seconds, requests, tuple(sorted(set(tool.alarms(folder)))))
        except (OSError, ValueError, KeyError) as error:
            return Outcome("error", seconds, requests, said=f"{error!r}: {said[-_LAST_WORDS:]}")


@contextmanager
def serving(api: str, kind: str, name: str) -> Iterator[str]:
    """A fresh server process with this implementation: its origin."""
    command = (sys.executable, "-m", "benchmarks.detection_server", api, kind, name)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603
    try:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError(f"the server of {api} {kind} {name!r} did not start")
        origin = f"http://127.0.0.1:{port}"
        httpx.get(origin + COUNT_PATH, timeout=_START_SECONDS)
        yield origin
    finally:
        process.kill()
        process.wait()


def _count(origin: str) -> int:
    """The requests that the server has had; 0 where it answers no more."""
    try:
        return int(httpx.get(origin + COUNT_PATH, timeout=30).text)
    except (httpx.HTTPError, ValueError):
        return 0


def _run(command: Command, folder: Path, timeout: float) -> tuple[int | None, str]:
    """The exit status, None where it ran out of time, and what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **command.environment}
    with (folder / "printed.txt").open("w+b") as printed:
        process = subprocess.Popen(  # noqa: S603
            command.arguments,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # so that what it has started ends with it
        )
        try:
            code: int | None = process.wait(timeout)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        printed.seek(0)
        return code, printed.read().decode(errors="replace")


def _spec(api: str) -> Path:
    return ROOT / "specs" / f"{api}.yaml"


def _forbidden(api: str, headers: Mapping[str, str]) -> dict[str, str]:
    """What makes the request one that deserves a 403: another tenant's identifier, or a key that nobody has."""
    tenancy = load(api).tenancy.header
    if tenancy:
        others = (headers_of(api, key)[tenancy] for key in unlimited(api))
        return {tenancy: next(other for other in others if other != headers[tenancy])}
    return {name: value + "x" for name, value in headers.items()}


def _integers(api: str) -> dict[str, str]:
    """A query parameter that takes a whole number, by method and path of the operation."""
    return {
        f"{operation.method} {operation.path}": parameter.name
        for operation in load(api).operations.values()
        for parameter in operation.parameters
        if parameter.location == "query" and parameter.schema.get("type") == "integer"
    }


def toml(value: Any) -> str:
    """A value of texts, numbers, booleans, lists and tables as TOML, in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)} = {toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def dredd_version(program: Path) -> str:
    """As its package says."""
    package = program.resolve().parents[1] / "package.json"
    found: str = json.loads(package.read_text("utf-8"))["version"]
    return found


def machine(settings: Settings) -> str:
    """What it all ran on, without a date or a name."""
    node = subprocess.run(("node", "--version"), capture_output=True, text=True, check=True).stdout.strip()  # noqa: S607
    names = ("leadmock", "schemathesis", "hypothesis", "uvicorn")
    versions = ", ".join(f"{name} {_version(name)}" for name in names)
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}, "
        f"Node.js {node.removeprefix('v')}, {versions}, Dredd {dredd_version(settings.dredd)}"
    )


def _version(name: str) -> str:
    if name == "leadmock":
        from mockserver import __version__  # noqa: PLC0415  # not installed where it is run from its own folder

        return __version__
    return version(name)
