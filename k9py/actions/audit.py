"""The audit file: one JSON line for every real attempt to write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """Who writes: kubeconfig context, its user entry, the server, and the operating system's user."""

    context: str
    user: str
    server: str = ""
    os_user: str = ""


class AuditLog:
    """Appends to the audit file; `path` None keeps no file (tests, or switched off by the person)."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
