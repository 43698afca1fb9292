"""No two modules import each other, whatever way: not through TYPE_CHECKING, and not inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "k9py"


def modules(package: Path) -> dict[str, Path]:
    """Return the modules of a package by their dotted names."""
    named = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def imports(tree: ast.AST, known: Mapping[str, object]) -> Iterator[str]:
    """Yield the known modules that a module imports anywhere in its text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield from [name for name in (submodule, node.module) if name in known][:1]


def import_graph(package: Path) -> dict[str, set[str]]:
    """Return which modules of a package each of them imports."""
    known = modules(package)
    return {name: set(imports(ast.parse(path.read_text(encoding="utf-8")), known)) for name, path in known.items()}


def test_no_module_is_part_of_an_import_cycle() -> None:
    try:
        TopologicalSorter(import_graph(PACKAGE)).prepare()
    except CycleError as error:
        raise AssertionError(" imports\n".join(reversed(error.args[1]))) from None
