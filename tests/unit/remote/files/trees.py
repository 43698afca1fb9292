"""Trees of files with every kind of name, and what is in them."""

from __future__ import annotations

import os
from pathlib import Path

ODD_NAMES = (" leading", "-dash", "--help", "q'uo\"te", "new\nline", "tab\t", "ünï", "*", "$(x)", "back\\slash", "a b")


def make_tree(root: Path) -> dict[str, bytes]:
    files = {f"{name}/{other}": f"{name}{other}".encode() * 99 for name in ODD_NAMES for other in ODD_NAMES}
    files |= {"empty": b"", "large": os.urandom(700_000), "x" * 120 + "/" + "y" * 120: b"long"}
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return files


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
