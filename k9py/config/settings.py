"""The config file, `config.toml`: what a person wants differently in every session.

    [triage]
    mute = ["container-restarted"]     # ids of checks whose problems are only counted

    [forwards.web]                     # see `forward_settings`
    target = "svc/web"
    ports = ["8080:80"]
    [debug]                            # see `debug_settings`
    image = "busybox:1.37"

Invariants: a missing file is an empty one; a file with faults is used as far as it is valid, and each fault is reported
with its line; nothing in it ever stops the program. To add a setting: a field of its table's struct.
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
from k9py.config.forward_settings import PORTS_SAMPLE, ForwardSettings, fault_of, keys_used_twice

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
    """The whole file.

    Args:
        forwards: by name, in the order of the file.
    """

    triage: TriageSettings = TriageSettings()
    forwards: dict[str, ForwardSettings] = {}
    debug: DebugSettings = DebugSettings()


@dataclass(frozen=True, slots=True)
class SettingsFault:
    """Something in the file that is not valid.

    Args:
        line: from 1, 0 when it is about the whole file.
        forward: name of the forward that it is about, "" for none.
    """

    line: int
    text: str
    forward: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file as it was read.

    Args:
        source: its text, for the lines of faults.
        is_read: False when nothing of it could be used, whatever is in it.
    """

    settings: Settings = field(default_factory=Settings)
    faults: tuple[SettingsFault, ...] = ()
    source: str = ""
    is_read: bool = True

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
        return SettingsFile(faults=(SettingsFault(line, text),), source=source, is_read=False)
    faults = list(_unknown_names(content, source))
    tables: dict[str, Any] = {}
    for name, kind in _tables().items():
        if name in content:
            tables[name], fault = _table(name, content[name], kind, source)
            faults += [fault] if fault is not None else []
    tables = {name: table for name, table in tables.items() if table is not None}
    if "forwards" in content:
        tables["forwards"], forward_faults = _forwards(content["forwards"], source)
        faults += forward_faults
    return SettingsFile(Settings(**tables), tuple(sorted(faults, key=lambda fault: fault.line)), source)


def _table(name: str, content: object, kind: type[Any], source: str) -> tuple[Any, SettingsFault | None]:
    """Return a table as its struct, or None and what is not valid in it.

    Args:
        name: as in its header.
    """
    try:
        return msgspec.convert(content, kind), None
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `$.")
        key = re.split(r"[\[`.]", where)[0]
        line = _line_of(source, key, after=f"[{name}]") if key else _header_line(source, name)
        return None, SettingsFault(line, _plain(f"{name}.{key}" if key else name, text, has_key=bool(key)))


def _forwards(content: object, source: str) -> tuple[dict[str, ForwardSettings], list[SettingsFault]]:
    """Return the forwards that are valid, and what is not valid in the others."""
    faults: list[SettingsFault] = []
    forwards: dict[str, ForwardSettings] = {}
    if not isinstance(content, dict):
        return {}, [SettingsFault(_line_of(source, "forwards"), "forwards must be tables, such as [forwards.web]")]
    known = [each.name for each in msgspec.structs.fields(ForwardSettings)]
    for name, value in content.items():
        header = f"forwards.{name}"
        unknown = sorted(value.keys() - set(known)) if isinstance(value, dict) else []
        faults += [
            SettingsFault(
                _line_of(source, key, after=f"[{header}]"), f"{header}: {_unknown('setting', key, known)}", name
            )
            for key in unknown
        ]
        forward, fault = _table(header, value, ForwardSettings, source)
        if fault is None:
            key, text = fault_of(forward)
            line = _line_of(source, key, after=f"[{header}]") if key else 0
            fault = SettingsFault(line, f"{header}.{key} {text}") if key else None
            if key == "key":  # it can be started without
                forwards[name] = msgspec.structs.replace(forward, key="")
        if fault is None:
            forwards[name] = forward
        else:
            faults.append(SettingsFault(fault.line, fault.text, name))
    for name, key, earlier in keys_used_twice(forwards):
        line = _line_of(source, "key", after=f"[forwards.{name}]")
        text = f'forwards.{name}.key: "{key}" is the key of forwards.{earlier} already'
        faults.append(SettingsFault(line, text, name))
        forwards[name] = msgspec.structs.replace(forwards[name], key="")
    return forwards, faults


def _header_line(source: str, name: str) -> int:
    """Return the line of the header of a table, or of the name where it is no table."""
    lines = source.splitlines()
    header = (at + 1 for at, line in enumerate(lines) if line.strip().startswith(f"[{name}]"))
    return next(header, 0) or _line_of(source, name.rpartition(".")[2])


def _plain(name: str, text: str, *, has_key: bool) -> str:
    """Return in words of the file what msgspec has to say about a value: `Expected `array`, got `int``."""
    sample = PORTS_SAMPLE if name.startswith("forwards.") else _LIST_SAMPLE
    wanted = re.match(r"Expected `(\w+)", text)
    match wanted[1] if wanted else "":
        case "array":
            return f"{name} must be a list, such as {sample}"
        case "str" if has_key and name.endswith((".mute", ".ports")):
            return f"{name} must hold texts in quotes, such as {sample}"
        case "str" if has_key:
            return f"{name} must be a text in quotes"
        case "object":
            return f"{name} must be a table: [{name}] on a line of its own"
    if missing := re.match(r"Object missing required field `(\w+)`", text):
        return f"{name} has no {missing[1]}"
    if text.startswith("Invalid enum value"):
        return f"{name} must be {', '.join(_PROFILES[:-1])} or {_PROFILES[-1]}"
    return f"{name}: {text[:1].lower()}{text[1:]}"


def _broken(text: str) -> SettingsFile:
    return SettingsFile(faults=(SettingsFault(0, text),), is_read=False)


def _tables() -> Mapping[str, type[msgspec.Struct]]:
    """Return the tables that have one struct each."""
    return {each.name: each.type for each in msgspec.structs.fields(Settings) if each.name != "forwards"}


def _unknown_names(content: Mapping[str, Any], source: str) -> Iterator[SettingsFault]:
    tables = _tables()
    for name, value in content.items():
        if name == "forwards":
            continue
        if name not in tables:
            yield SettingsFault(_line_of(source, name), _unknown("table", name, [*tables, "forwards"]))
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
