"""The paths that the READMEs name exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PATH: Final = re.compile(r"`((?:[a-z_0-9]+/)+[a-z_0-9]*(?:\.py|\.md)?)`")


@pytest.mark.parametrize("directory", ["k9py", "tests"])
def test_the_paths_in_a_readme_exist(directory: str) -> None:
    base = ROOT / directory
    named = set(PATH.findall((base / "README.md").read_text("utf-8")))
    assert len(named) > 10
    roots = [ROOT, base, *(path for path in base.rglob("*") if path.is_dir())]
    assert sorted(name for name in named if not any((root / name).exists() for root in roots)) == []
