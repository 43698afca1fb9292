"""Two directories: the files of the container, and those of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def pod(tmp_path: Path) -> Path:
    root = tmp_path / "pod"
    root.mkdir()
    return root


@pytest.fixture
def here(tmp_path: Path) -> Path:
    root = tmp_path / "here"
    root.mkdir()
    return root
