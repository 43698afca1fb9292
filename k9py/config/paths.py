"""Where kdash keeps its files: XDG directories on Linux, the platform's own elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import platformdirs

AUDIT_FILE_VARIABLE = "KDASH_AUDIT_FILE"
LOG_DIRECTORY_VARIABLE = "KDASH_LOG_DIRECTORY"
CONFIG_FILE_VARIABLE = "KDASH_CONFIG_FILE"


def audit_file(environ: Mapping[str, str]) -> Path:
    """Return the path of the audit file, which has JSON lines about every write; `KDASH_AUDIT_FILE` overrides it.

    By default it is `audit.jsonl` in the user's state directory, `~/.local/state/kdash` on Linux.
    """
    override = environ.get(AUDIT_FILE_VARIABLE)
    if override:
        return Path(override).expanduser()
    return _state_directory() / "audit.jsonl"


def crash_file(environ: Mapping[str, str]) -> Path:
    """Return the path of the crash report, beside the audit file."""
    return audit_file(environ).with_name("crash.log")


def tables_file(environ: Mapping[str, str]) -> Path:
    """Return the path of the file that keeps the chosen columns, beside the audit file."""
    return audit_file(environ).with_name("tables.json")


def log_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory for saved logs; `KDASH_LOG_DIRECTORY` overrides it.

    By default it is `logs` in the user's state directory.
    """
    override = environ.get(LOG_DIRECTORY_VARIABLE)
    return Path(override).expanduser() if override else _state_directory() / "logs"


def draft_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory of the texts that are being edited, beside the audit file."""
    return audit_file(environ).with_name("drafts")


def config_file(environ: Mapping[str, str]) -> Path:
    """Return the path of the config file, see `settings`; `KDASH_CONFIG_FILE` overrides it.

    By default it is `config.toml` in the user's config directory, `~/.config/k9py` on Linux.
    """
    override = environ.get(CONFIG_FILE_VARIABLE)
    if override:
        return Path(override).expanduser()
    return platformdirs.user_config_path("k9py", appauthor=False) / "config.toml"


def _state_directory() -> Path:
    return platformdirs.user_state_path("kdash", appauthor=False)
