"""No text on the screen names a key by itself: all ask which key an action has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "k9py"
KEY = re.compile(r"\b(Esc|Ctrl\+\w|Shift\+\w|Tab|PgUp|PgDn|Space|End)\b|⇧|\^[A-Z]\b")
"""Names of keys that a keymap can change. Enter is Textual's own in buttons and input lines."""
NOT_KEYS = {
    "k9py/tui/app/answered_keys.py": {"Space"},  # the key that was pressed
}


def texts(path: Path) -> Iterator[str]:
    """Yield the string literals of a module, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize("package", ["tui", "views", "operations", "diagnosis", "kube"])
def test_no_text_names_a_key_by_itself(package: str) -> None:
    for path in sorted((PACKAGE / package).rglob("*.py")):
        name = str(path.relative_to(PACKAGE.parent))
        named = {text for text in texts(path) if KEY.search(text)} - NOT_KEYS.get(name, set())
        assert named == set(), name
