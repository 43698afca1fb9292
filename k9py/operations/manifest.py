"""Objects as YAML text: read what people write, and write what they edit.

Reads YAML as Kubernetes does: scalars are JSON's, so that dates and `12:30` stay text; a key that is given twice is an
error. Invariants: a text is read as a whole or not at all; aliases cannot make it larger than `MOST_VALUES`; an error
names file and line. Writing leaves the managed fields out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from k9py.api.errors import RefusedError
from k9py.api.text import printable

MOST_BYTES: Final = 16 << 20
"""A text may not be larger; the server accepts 3 MiB for one object."""
MOST_VALUES: Final = 500_000
"""Values of all documents together, each alias counted as what it stands for."""
_FIRST: Final = ("apiVersion", "kind", "metadata", "spec", "data", "status")


class ManifestError(RefusedError):
    """A text is no YAML, or its documents are no objects.

    Args:
        line: of the text, from 1; 0 when it is not about one line.
    """

    def __init__(self, message: str, hint: str = "", *, line: int = 0) -> None:
        super().__init__(message, hint)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a text.

    Args:
        body: the object.
        source: the file's path, or a name such as "stdin"; "": the text in an editor.
        line: where it begins, from 1.
    """

    body: Mapping[str, Any]
    source: str
    line: int

    @property
    def place(self) -> str:
        """`app.yaml:12`; `line 12` of a text without a file."""
        return place_text(self.source, self.line)


def place_text(source: str, line: int) -> str:
    """Return a line (0: none) of a source ("": the text in an editor), printable."""
    if not source:
        return f"line {line}" if line else "the text"
    return f"{printable(source)}:{line}" if line else printable(source)


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Return what makes a plain scalar something else than text: YAML's core schema, and the words of version 1.1."""
    rules = (
        ("bool", r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF", "yYnNtTfFoO"),
        ("int", r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)", "-+0123456789"),
        ("float", r"[-+]?(?:\d[\d_]*\.\d*|\.\d+|\d[\d_]*)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)", "-+0123456789."),
        ("null", r"~|null|Null|NULL|", "~nN\0"),
        ("merge", r"<<", "<"),
    )
    resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for name, pattern, firsts in rules:
        for first in firsts.replace("\0", "") if name != "null" else ("~", "n", "N", ""):
            resolvers.setdefault(first, []).append((f"tag:yaml.org,2002:{name}", re.compile(rf"(?:{pattern})\Z")))
    return resolvers


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = _resolvers()

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key has to be text", key.start_mark)
            line = seen.setdefault(key.value, key.start_mark.line)
            if line != key.start_mark.line and key.value != "<<":
                problem = f"key {key.value!r} is given twice, first in line {line + 1}"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        self.flatten_mapping(node)
        # Keys become text one by one: in a dict of Python, 1 and true would be the same key.
        return {_key(self.construct_object(key)): self.construct_object(value, deep=deep) for key, value in node.value}


def _key(key: Any) -> str:
    return ("true" if key else "false") if isinstance(key, bool) else "null" if key is None else str(key)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def read_documents(text: str, source: str) -> tuple[Document, ...]:
    """Return the objects of a text, those in lists too. Empty documents are left out.

    Raises:
        ManifestError: it is no YAML, too large, or a document is no object.
    """
    if len(text) > MOST_BYTES:
        raise ManifestError(f"{place_text(source, 0)} is larger than {MOST_BYTES >> 20} MiB", "")
    documents: list[Document] = []
    loader, budget = _Loader(text), MOST_VALUES
    try:
        while loader.check_node():
            node = loader.get_node()
            assert node is not None
            body = loader.construct_document(node)
            budget = _spend(body, budget)
            documents += _objects(body, source, node.start_mark.line + 1)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        number = 0 if mark is None else mark.line + 1
        problem = printable(str(error.problem or error.context or "it is no YAML"))
        place = place_text(source, number)
        raise ManifestError(f"{place}: {problem}", "check the YAML", line=number) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ManifestError(f"{place_text(source, 0)}: {printable(str(error))[:300]}", "check the YAML") from error
    finally:
        loader.dispose()
    return tuple(documents)


def read_shown(text: str, lines_above: int) -> tuple[Document, ...]:
    """Return the objects of a text that an editor shows below some lines of comments; its lines are counted there.

    Raises:
        ManifestError: as `read_documents`.
    """
    return read_documents("#\n" * lines_above + text, "")


def _spend(value: Any, budget: int) -> int:
    """Return what is left of the budget after a value. Raises ValueError: nothing is."""
    waiting = [value]
    while waiting:
        budget -= 1
        if budget < 0:
            raise ValueError(f"more than {MOST_VALUES} values")
        current = waiting.pop()
        if isinstance(current, dict):
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)
    return budget


def _objects(body: Any, source: str, line: int) -> Iterator[Document]:
    if body is None:
        return
    if not isinstance(body, dict):
        raise ManifestError(
            f"{place_text(source, line)}: a document has to be an object", "it needs apiVersion and kind", line=line
        )
    for field in ("apiVersion", "kind"):
        if not isinstance(body.get(field), str) or not body[field]:
            raise ManifestError(f"{place_text(source, line)}: {field} is missing", "", line=line)
    if isinstance(body.get("items"), list) and body["kind"].endswith("List"):
        for item in body["items"]:
            yield from _objects(item, source, line)
        return
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise ManifestError(f"{place_text(source, line)}: metadata.name is missing", "", line=line)
    yield Document(body, source, line)


def write_yaml(obj: Mapping[str, Any]) -> str:
    """Return an object as YAML, its main fields first, without managed fields."""
    shown = {key: obj[key] for key in _FIRST if key in obj} | {k: v for k, v in obj.items() if k not in _FIRST}
    if isinstance(metadata := shown.get("metadata"), Mapping):
        shown["metadata"] = {key: value for key, value in metadata.items() if key != "managedFields"}
    written: str = yaml.dump(
        shown, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=1_000_000
    )
    return written
