"""The config file, `config.toml`: what a person wants differently in every session.

    [triage]
    mute = ["container-restarted"]     # ids of checks whose problems are only counted

    [debug]                            # see `debug_settings`
    image = "busybox:1.37"

Invariants: a missing file is an empty one; a file with faults is used as far as it is valid, and each fault is reported
with its line; nothing in it ever stops the program. To add a setting: a field of its table's struct here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from k9py.config.debug_settings import DebugSettings, Profile

_MAX_BYTES: Final = 1_000_000
"""A larger file is not a config file."""
_LIST_SAMPLE: Final = '["pdb-blocks"]'
_PROFILES: Final = get_args(Profile)
_LINE: Final = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")
"""How tomllib (3.11) ends its messages: its errors have no attribute for the line."""


class TriageSettings(msgspec.Struct, frozen=True):
    """The table `[triage]`.

    Args:
        mute: ids of checks.
    """

    mute: tuple[str, ...] = ()


class Settings(msgspec.Struct, frozen=True):
    """The whole file."""

    triage: TriageSettings = TriageSettings()
    debug: DebugSettings = DebugSettings()


@dataclass(frozen=True, slots=True)
class SettingsFault:
    """Something in the file that is not valid.

    Args:
        line: from 1, 0 when it is about the whole file.
    """

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file as it was read.

    Args:
        source: its text, for the lines of faults.
    """

    settings: Settings = field(default_factory=Settings)
    faults: tuple[SettingsFault, ...] = ()
    source: str = ""

    def unknown_checks(self, known: Collection[str]) -> tuple[SettingsFault, ...]:
        """Return the muted ids that no check has."""
        return tuple(
            SettingsFault(_line_of(self.source, check, after="[triage]"), _unknown("check", check, known))
            for check in self.settings.triage.mute
            if check not in known
        )


def read_settings(path: Path | None) -> SettingsFile:
    """Read the file; None reads none."""
    if path is None:
        return SettingsFile()
    try:
        if path.stat().st_size > _MAX_BYTES:
            return _broken("is not a config file: it is larger than 1 MB")
        source = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return SettingsFile()
    except UnicodeDecodeError:
        return _broken("is not UTF-8 text")
    except OSError as error:
        return _broken(f"cannot be read: {error.strerror or error}")
    return parse_settings(source)


def parse_settings(source: str) -> SettingsFile:
    """Return the settings of a text, and what is not valid in it."""
    import tomllib  # only where there is a file

    try:
        content = tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = _LINE.search(str(error))
        text = _LINE.sub("", str(error)).strip()
        line = int(at[1] or len(source.splitlines())) if at else 0
        return SettingsFile(faults=(SettingsFault(line, text),), source=source)
    faults = list(_unknown_names(content, source))
    tables: dict[str, Any] = {}
    for name, kind in _tables().items():
        if name not in content:
            continue
        try:
            tables[name] = msgspec.convert(content[name], kind)
        except msgspec.ValidationError as error:
            text, _, where = str(error).partition(" - at `$.")
            key = re.split(r"[\[`.]", where)[0]
            line = _line_of(source, key, after=f"[{name}]") if key else _line_of(source, name)
            faults.append(SettingsFault(line, _plain(f"{name}.{key}" if key else name, text, has_key=bool(key))))
    return SettingsFile(Settings(**tables), tuple(sorted(faults, key=lambda fault: fault.line)), source)


def _plain(name: str, text: str, *, has_key: bool) -> str:
    """Return in words of the file what msgspec has to say about a value: `Expected `array`, got `int``."""
    wanted = re.match(r"Expected `(\w+)", text)
    match wanted[1] if wanted else "":
        case "array":
            return f"{name} must be a list, such as {_LIST_SAMPLE}"
        case "str" if has_key and not name.startswith("triage."):
            return f"{name} must be a text in quotes"
        case "str" if has_key:
            return f"{name} must hold texts in quotes, such as {_LIST_SAMPLE}"
        case "object":
            return f"{name} must be a table: [{name}] on a line of its own"
    if text.startswith("Invalid enum value"):
        return f"{name} must be {', '.join(_PROFILES[:-1])} or {_PROFILES[-1]}"
    return f"{name}: {text[:1].lower()}{text[1:]}"


def _broken(text: str) -> SettingsFile:
    return SettingsFile(faults=(SettingsFault(0, text),))


def _tables() -> Mapping[str, type[msgspec.Struct]]:
    return {each.name: each.type for each in msgspec.structs.fields(Settings)}


def _unknown_names(content: Mapping[str, Any], source: str) -> Iterator[SettingsFault]:
    tables = _tables()
    for name, value in content.items():
        if name not in tables:
            yield SettingsFault(_line_of(source, name), _unknown("table", name, tables))
        elif isinstance(value, dict):
            known = [each.name for each in msgspec.structs.fields(tables[name])]
            for key in value.keys() - set(known):
                line = _line_of(source, key, after=f"[{name}]")
                yield SettingsFault(line, f"{name}: {_unknown('setting', key, known)}")


def _unknown(noun: str, name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    all_of_them = "kdash checks lists them" if noun == "check" else f"{noun}s: {', '.join(sorted(known))}"
    hint = f'did you mean "{near[0]}"?' if near else all_of_them
    return f'no {noun} "{name}": {hint}'


def _line_of(source: str, word: str, *, after: str = "") -> int:
    """Return the first line with a word, from 1; 0 when there is none.

    Args:
        after: the header of the table that it is in.
    """
    lines = source.splitlines()
    start = next((at for at, line in enumerate(lines) if after and line.strip().startswith(after)), 0)
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    return next((at + 1 for at in range(start, len(lines)) if pattern.search(lines[at].partition("#")[0])), 0)
