"""From a spec file to the frozen model, or to all of the file's mistakes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mockserver.contract import sources
from mockserver.contract.behaviours import Behaviours
from mockserver.contract.document import did_you_mean, parse, pointer_of, specs_directory
from mockserver.contract.kept import code_in, kept
from mockserver.contract.lint import lint
from mockserver.contract.model import (
    REASONS,
    Contract,
    ContractError,
    ContractErrors,
    Errors,
    Operation,
    Parameter,
    Plan,
    SecurityScheme,
    Source,
    Tenancy,
    Window,
)
from mockserver.contract.spec import Spec, View

AVAILABLE: tuple[str, ...] = ("salesiq", "mega", "convertiq", "crmleadpro")

_MAX_BYTES = 1_048_576
_MAX_DEPTH = 32


def load(name_or_path: str | Path) -> Contract:
    """The contract of an API by its name, or of any spec by its path (whatever ends in .yaml or .yml).

    Raises ContractErrors with all mistakes of the spec, or ContractError where there is nothing to read.
    """
    path = _path(name_or_path)
    file = f"specs/{path.name}" if path.parent.name == "specs" else str(path)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(file, "", None, f"cannot be read: {error}") from None
    if name_or_path not in AVAILABLE:
        return build(parse(text, file), file, path.parent)
    # All that decides what the model will be: the spec, what it is checked against, and the code that does it.
    beside = [path.parent / "vocabulary.schema.json", *sorted((path.parent / "documents").glob("*.txt"))]
    depends_on = [text.encode(), *(each.read_bytes() for each in beside), code_in(Path(__file__).parent)]
    return kept(path.stem, depends_on, lambda: build(parse(text, file), file, path.parent))


def load_all(names: Iterable[str] | None = None) -> dict[str, Contract]:
    """Several contracts by name, all of them unless names are given. Tells the mistakes of all specs at once."""
    found: dict[str, Contract] = {}
    errors: list[ContractError] = []
    for name in AVAILABLE if names is None else names:
        try:
            found[name] = load(name)
        except ContractErrors as several:
            errors.extend(several.errors)
        except ContractError as error:
            errors.append(error)
    if errors:
        raise ContractErrors(errors)
    return found


def _path(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, Path) or name_or_path.endswith((".yaml", ".yml")):
        return Path(name_or_path)
    if name_or_path not in AVAILABLE:
        hint = did_you_mean(name_or_path, AVAILABLE)
        raise ContractError("specs", "", name_or_path, f"there is no API named '{name_or_path}'", hint)
    return specs_directory() / f"{name_or_path}.yaml"


def build(document: dict[str, Any], file: str, directory: Path) -> Contract:
    """The contract that a document says. Raises ContractErrors with all of its mistakes."""
    spec, errors = lint(document, file, directory)
    if errors:
        raise ContractErrors(errors)
    return _Builder(spec).contract()


class _Builder:
    """Every look-up here succeeds, since the document was linted."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.document = spec.document
        self.named = sources.registry(spec.document)
        self.root = self.source(spec.document["x-source"])
        self.behaviours = Behaviours(spec, self.source)

    def source(self, value: Any) -> Source:
        return sources.named(value, self.named)

    def at(self, *tokens: str | int) -> Source:
        return sources.source_at(self.document, pointer_of(tokens), self.named)

    def contract(self) -> Contract:
        address = urlsplit(self.document["servers"][0]["url"])
        api = self.document["x-api"]
        plans = self.document.get("x-plans", {})
        return Contract(
            name=api["name"],
            title=api["title"],
            base_path=address.path,
            host=address.netloc,
            document=self.document,
            operations={view.id: self.operation(view) for view in self.spec.operations},
            security={name: self.scheme(name, node) for name, node in self.spec.schemes.items()},
            tenancy=self.tenancy(self.document["x-tenancy"]),
            errors=self.errors(self.document["x-errors"]),
            plans={name: self.plan(name, node) for name, node in plans.get("plans", {}).items()},
            default_plan=plans.get("default"),
            events=tuple(event for view in self.spec.operations for event in self.behaviours.events(view)),
            sources=sources.collect(self.document, self.named),
            named_sources=self.named,
        )

    def operation(self, view: View) -> Operation:
        node, behaviours = view.node, self.behaviours
        record = node.get("x-record", {})
        request = {**self.document.get("x-request", {}), **node.get("x-request", {})}
        return Operation(
            id=view.id,
            method=view.method,
            path=view.path,
            summary=node.get("summary", ""),
            scopes=tuple(node.get("x-scopes", ())),
            public=view.public,
            parameters=tuple(self.parameter(tokens, found) for tokens, found in view.parameters),
            body_schema=view.body_schema,
            body_required=bool((view.body or {}).get("required")),
            media_types=view.media_types,
            responses={int(status): response for status, response in view.responses.items()},
            rate_limit=behaviours.rate_limit(view),
            max_bytes=request.get("max-bytes", _MAX_BYTES),
            max_depth=request.get("max-depth", _MAX_DEPTH),
            record_kind=record.get("kind"),
            record_action=record.get("action"),
            quota=behaviours.quota(view),
            deduplication=behaviours.deduplication(view),
            idempotency=behaviours.idempotency(view),
            batch=behaviours.batch(view),
            webhooks=behaviours.webhooks(view),
            source=self.at(*view.tokens),
            raw=node,
            security=tuple(name for requirement in view.security for name in requirement),
            pointer=pointer_of(view.tokens),
        )

    def parameter(self, tokens: tuple[str | int, ...], node: dict[str, Any]) -> Parameter:
        schema = node.get("schema", {})
        return Parameter(node["name"], node["in"], bool(node.get("required")), schema, self.at(*tokens))

    def scheme(self, name: str, node: dict[str, Any]) -> SecurityScheme:
        pattern = node.get("x-credential", {}).get("pattern")
        scopes = node.get("x-scopes", {})
        if node["type"] == "http":
            return SecurityScheme(name, "bearer", "Authorization", pattern, scopes)
        return SecurityScheme(name, "apiKey", node["name"], pattern, scopes)

    def tenancy(self, node: dict[str, Any]) -> Tenancy:
        return Tenancy(node["noun"], node.get("header"), self.source(node["source"]))

    def errors(self, node: dict[str, Any]) -> Errors:
        statuses: Mapping[str, int] = {**REASONS, **node.get("statuses", {})}
        types = {int(status): word for status, word in node.get("types", {}).items()}
        return Errors(node["envelope"], statuses, types, node.get("messages", {}), self.source(node["source"]))

    def plan(self, name: str, node: dict[str, Any]) -> Plan:
        limits = {
            bucket: tuple(Window(window["limit"], window["seconds"]) for window in windows)
            for bucket, windows in node["rate-limits"].items()
        }
        return Plan(name, limits, node["quotas"], self.at("x-plans", "plans", name))
