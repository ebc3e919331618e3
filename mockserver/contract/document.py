"""Spec files as plain data: finding them, reading their YAML without its traps, naming places in them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from mockserver.contract.model import ContractError

Token = str | int
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PACKAGE = Path(__file__).resolve().parent.parent


class _Loader(_Base):  # type: ignore[misc]  # the base is chosen at run time
    """YAML's core schema: dates stay strings, `on`, `no` and `12:30` too, and no key is there twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML reads it there

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        """Keys become strings, since every key of OpenAPI is one (statuses are often written as numbers)."""
        self._refuse_doubles(node)
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return {key if type(key) is str else self._name(key, node): value for key, value in found.items()}

    def _refuse_doubles(self, node: Any) -> None:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            line = key.start_mark.line + 1
            if key.value in seen:
                raise ContractError(
                    f"{node.start_mark.name}:{line}",
                    "",
                    key.value,
                    f"the key '{key.value}' is here twice",
                    f"it is already on line {seen[key.value]}: remove one of the two",
                )
            seen[key.value] = line

    @staticmethod
    def _name(key: object, node: Any) -> str:
        if type(key) is int:
            return str(key)
        place = f"{node.start_mark.name}:{node.start_mark.line + 1}"
        raise ContractError(place, "", key, f"the key {key!r} is not text", "write it in quotes")


_CORE = {
    "bool": (r"^(?:true|false)$", "tf"),
    "int": (r"^[-+]?[0-9]+$", "-+0123456789"),
    "float": (r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$|^[-+]?[0-9]+[eE][-+]?[0-9]+$", "-+.0123456789"),
    "null": (r"^(?:null|~|)$", ["n", "~", ""]),
    "merge": (r"^<<$", "<"),
}
for _tag, (_form, _first) in _CORE.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_form), list(_first))


def _decimal(loader: Any, node: Any) -> int:
    return int(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:int", _decimal)  # YAML 1.1 reads 010 as 8


def parse(text: str, file: str) -> dict[str, Any]:
    """The mapping that the text holds. Raises ContractError with `file:line` for anything else."""
    loader = _Loader(text)
    loader.name = file
    try:
        found = loader.get_single_data()
    except ContractError as error:
        at = error.file.rpartition(":")[2]
        raise ContractError(f"{file}:{at}", "", error.value, error.problem, error.hint) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{mark.line + 1}" if mark else file
        problem = f"not YAML: {error.problem or error.context}"
        raise ContractError(place, "", None, problem, _advice(text, mark)) from None
    except yaml.YAMLError as error:
        raise ContractError(file, "", None, f"not YAML: {error}") from None
    finally:
        loader.dispose()
    if not isinstance(found, dict):
        raise ContractError(file, "", found, "not a mapping", "a spec is an OpenAPI document: openapi, info, paths ...")
    return found


def _advice(text: str, mark: Any) -> str | None:
    lines = text.splitlines()
    if mark and mark.line < len(lines) and "{{" in lines[mark.line]:
        return "put a value that contains {{ in quotes"
    return None


def specs_directory() -> Path:
    """Where the specs are: inside the package when installed, at the repository's root otherwise."""
    for directory in (_PACKAGE / "specs", _PACKAGE.parent / "specs"):
        if (directory / "vocabulary.schema.json").is_file():
            return directory
    hint = "install leadmock again: its data files are missing"
    raise ContractError("specs", "", None, f"no specs beside {_PACKAGE}", hint)


def escape(token: Token) -> str:
    """One token of a JSON pointer."""
    return str(token).replace("~", "~0").replace("/", "~1")


def pointer_of(tokens: Iterable[Token]) -> str:
    """The JSON pointer that these tokens make."""
    return "".join(f"/{escape(token)}" for token in tokens)


def tokens_of(pointer: str) -> tuple[str, ...]:
    """The tokens of a JSON pointer; a leading `#` is dropped. Raises ValueError where it is none."""
    rest = pointer.removeprefix("#")
    if not rest:
        return ()
    if not rest.startswith("/"):
        raise ValueError(f"a JSON pointer starts with '/': {pointer!r}")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in rest[1:].split("/"))


def step(node: Any, token: Token) -> Any:
    """The child of a node. Raises KeyError where it has none of that name or number."""
    if isinstance(node, dict) and str(token) in node:
        return node[str(token)]
    if isinstance(node, list) and str(token).isdecimal() and int(token) < len(node):
        return node[int(token)]
    raise KeyError(token)


def find(document: Any, tokens: Iterable[Token]) -> Any:
    """What is at this place. Raises KeyError where nothing is."""
    for token in tokens:
        document = step(document, token)
    return document


def place(tokens: Iterable[Token]) -> str:
    """A place as people read it: `paths./leads.post.x-batch.rows[0]`."""
    text = ""
    for token in tokens:
        text += f"[{token}]" if isinstance(token, int) else f".{token}" if text else token
    return text


def did_you_mean(word: object, known: Iterable[str], otherwise: str | None = None) -> str | None:
    """`did you mean 'x'?` for the nearest known word; what is known where nothing is near."""
    words = list(dict.fromkeys(known))
    near = difflib.get_close_matches(str(word), words, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    if otherwise is not None or not words:
        return otherwise
    return f"known are {listed(words)}"


def listed(words: Sequence[str], most: int = 12) -> str:
    """Words in one line, the first dozen of them."""
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


# Under these keys are names that authors choose; under those, values that belong to no vocabulary.
NAMES = frozenset(
    """
    paths properties headers schemas responses requestBodies securitySchemes parameters examples links callbacks
    content variables mapping encoding
    """.split()  # noqa: SIM905 - fifteen words are easier to read so
)
_VALUES = frozenset(("example", "value", "default", "enum", "const", "security", "required"))


def elements(document: dict[str, Any]) -> Iterator[tuple[tuple[Token, ...], dict[str, Any]]]:
    """Every element that may carry extensions, with its place; what is inside extensions and values is left out."""
    todo: list[tuple[tuple[Token, ...], Any, bool]] = [((), document, False)]
    while todo:
        tokens, node, names = todo.pop()
        if isinstance(node, list):
            todo.extend(((*tokens, n), child, False) for n, child in reversed(list(enumerate(node))))
            continue
        if not isinstance(node, dict):
            continue
        if not names:
            yield tokens, node
        below = [
            ((*tokens, key), child, (not names and key in NAMES) or _is_callback(tokens))
            for key, child in node.items()
            if names or (key not in _VALUES and not key.startswith("x-"))
        ]
        todo.extend(reversed(below))


def _is_callback(tokens: tuple[Token, ...]) -> bool:
    """Below `callbacks` are names of callbacks, and below those, expressions."""
    return bool(tokens) and tokens[-1] == "callbacks"
