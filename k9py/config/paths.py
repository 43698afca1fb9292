"""Where our files live (XDG on Linux, the platform's own places elsewhere)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import platformdirs

AUDIT_FILE_VARIABLE = "KDASH_AUDIT_FILE"
LOG_DIRECTORY_VARIABLE = "KDASH_LOG_DIRECTORY"


def audit_file(environ: Mapping[str, str]) -> Path:
    """Return the file that gets one JSON line for every write; `KDASH_AUDIT_FILE` overrides the place.

    By default it is `audit.jsonl` in the user's state directory, `~/.local/state/kdash` on Linux.
    """
    chosen = environ.get(AUDIT_FILE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return _state_directory() / "audit.jsonl"


def crash_file(environ: Mapping[str, str]) -> Path:
    """Return the file that gets the report of a defect of our own; beside the audit file."""
    return audit_file(environ).with_name("crash.log")


def log_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory for saved logs; `KDASH_LOG_DIRECTORY` overrides the place.

    By default it is `logs` in the user's state directory.
    """
    chosen = environ.get(LOG_DIRECTORY_VARIABLE)
    return Path(chosen).expanduser() if chosen else _state_directory() / "logs"


def _state_directory() -> Path:
    return platformdirs.user_state_path("kdash", appauthor=False)
