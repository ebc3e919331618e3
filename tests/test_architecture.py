"""The layout is the architecture: imports run downward only, as ARCHITECTURE.md draws them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "mockserver"

# From the bottom up: a module may import those of its own layer that come before it, and all below.
LAYERS = (
    ("usage", "garbage"),
    ("client",),
    ("store",),
    ("contract",),
    ("settings",),
    ("engine",),
    ("vendors",),
    ("tenants", "registry"),
    ("reply", "parameters", "wire"),
    ("disturbance", "preference"),
    ("plan",),
    ("seeding",),
    ("routing", "request_body"),
    ("pipeline",),
    ("journal", "metrics"),
    ("rendering",),
    ("proxy",),
    ("docs", "control", "dashboard"),
    ("app",),
    ("joined", "connection", "listening"),
    ("testing",),
    ("pytest_plugin",),
    ("console", "twin", "workers"),
    ("serving",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
HEIGHT = {name: height for height, layer in enumerate(LAYERS) for name in layer}
FILES = sorted(file for file in PACKAGE.rglob("*.py") if file != PACKAGE / "__init__.py")


def _part(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _module(file: Path) -> str:
    parts = ("mockserver", *file.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


MODULES = {_module(file): file for file in FILES}


def _imports(file: Path) -> set[str]:
    """Our own modules that a file names in its imports, absolute."""
    found: set[str] = set()
    package = _module(file) if file.name == "__init__.py" else _module(file).rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package if node.level else ""
            module = ".".join(filter(None, (base, node.module or "")))
            for alias in node.names:
                submodule = f"{module}.{alias.name}"
                found.add(submodule if submodule in MODULES else module)
    return {name for name in found if name.startswith("mockserver.")}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_module_imports_only_what_lies_below_it(file: Path) -> None:
    own = HEIGHT[_part(file)]
    for name in _imports(file):
        other = name.split(".")[1]
        if other in HEIGHT:
            assert HEIGHT[other] <= own, f"{file.name} imports {name}, which lies above it"


def test_there_is_no_import_cycle() -> None:
    graph = {name: {other for other in _imports(file) if other in MODULES} for name, file in MODULES.items()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for other in graph[name] - {name}:
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_the_store_knows_no_vendor_and_the_engine_no_api_by_name() -> None:
    vendors = ("salesiq", "convertiq", "crmleadpro")
    for folder in ("store", "engine"):
        for file in (PACKAGE / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8").lower()
            assert not [name for name in vendors if name in text], file


SUITE = Path(__file__).parent.parent / "contract_tests"


@pytest.mark.parametrize("file", sorted(SUITE.rglob("*.py")), ids=lambda file: str(file.relative_to(SUITE)))
def test_a_contract_test_knows_the_contract_and_nothing_else_of_ours(file: Path) -> None:
    """What it tries it works out by means of its own; the plugin alone starts the mock."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module or "")
    ours = {name for name in names if name.partition(".")[0] in {"mockserver", "tests"}}
    allowed = {name for name in ours if name.startswith("mockserver.contract")}
    if file.name == "plugin.py":
        allowed.add("mockserver.twin")
    assert ours <= allowed
