"""The config file: used as far as it is valid, each fault with its line, never an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from k9py.config.paths import config_file
from k9py.config.settings import SettingsFile, parse_settings, read_settings

KNOWN = ("pod-restarts", "pod-image", "service-health")


def faults(read: SettingsFile) -> list[str]:
    return [str(fault) for fault in (*read.faults, *read.unknown_checks(KNOWN))]


@pytest.mark.parametrize(
    ("source", "muted", "expected"),
    [
        ("", (), []),
        ('[triage]\nmute = ["pod-restarts"]', ("pod-restarts",), []),
        (
            '# pod-restart\n[triage]\nmute = [\n  "pod-image",\n  "pod-restart",\n]\n',
            ("pod-image", "pod-restart"),
            ['line 5: no check "pod-restart": did you mean "pod-restarts"?'],
        ),
        ('[triage]\nmut = ["pod-image"]', (), ['line 2: triage: no setting "mut": did you mean "mute"?']),
        ("[triag]\n", (), ['line 1: no table "triag": did you mean "triage"?']),
        ("[colours]\n", (), ['line 1: no table "colours": tables: debug, triage']),
        ("[triage]\nmute = 3\n", (), ['line 2: triage.mute must be a list, such as ["pdb-blocks"]']),
        ('[triage]\n\nmute = ["a", 3]', (), ['line 3: triage.mute must hold texts in quotes, such as ["pdb-blocks"]']),
        ("triage = 3", (), ["line 1: triage must be a table: [triage] on a line of its own"]),
        ("[triage]\nmute = [\n", (), ["line 2: Invalid value"]),
        ("[debug]\nimage = 3\n", (), ["line 2: debug.image must be a text in quotes"]),
        ("[debug]\nimag = 'a'\n", (), ['line 2: debug: no setting "imag": did you mean "image"?']),
        (
            '[debug]\nnode_profile = "root"\n',
            (),
            ["line 2: debug.node_profile must be general, baseline, restricted, netadmin or sysadmin"],
        ),
    ],
)
def test_a_file_is_used_as_far_as_it_is_valid(source: str, muted: tuple[str, ...], expected: list[str]) -> None:
    read = parse_settings(source)
    assert read.settings.triage.mute == muted
    assert faults(read) == expected


def test_a_file_that_cannot_be_read_is_a_fault_and_a_missing_one_is_none(tmp_path: Path) -> None:
    assert read_settings(None) == read_settings(tmp_path / "absent.toml") == SettingsFile()
    broken = tmp_path / "config.toml"
    broken.write_bytes(b"\xff\xfe")
    assert faults(read_settings(broken)) == ["is not UTF-8 text"]
    assert faults(read_settings(tmp_path))[0].startswith("cannot be read: ")


def test_the_file_is_in_the_config_directory_unless_a_variable_names_another(tmp_path: Path) -> None:
    assert config_file({"KDASH_CONFIG_FILE": "/etc/k.toml"}) == Path("/etc/k.toml")
    assert config_file({}).parts[-2:] == ("k9py", "config.toml")
