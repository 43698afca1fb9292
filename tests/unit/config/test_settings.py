"""The config file: used as far as it is valid, each fault with its line, never an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from k9py.config.forward_settings import ForwardSettings, as_toml
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
        ("[colours]\n", (), ['line 1: no table "colours": tables: debug, forwards, triage']),
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


WEB = '[forwards.web]\ntarget = "svc/web"\nports = ["8080:80"]\n'


@pytest.mark.parametrize(
    ("source", "names", "expected"),
    [
        (WEB, ["web"], []),
        (f'{WEB}namespace = "shop"\ncontext = "prod-*"\nkey = "F5"\n', ["web"], []),
        ('[forwards."a b"]\ntarget = "deploy/a.b"\nports = ["http", ":80"]\n', ["a b"], []),
        (
            f'{WEB}prot = "tcp"\n',
            ["web"],
            ['line 4: forwards.web: no setting "prot": did you mean "ports"?'],
        ),
        (
            f'[forwards.db]\nports = ["5432"]\n{WEB}',
            ["web"],
            ["line 1: forwards.db has no target"],
        ),
        (
            f'{WEB}[forwards.db]\ntarget = "db"\nports = ["5432"]\n',
            ["web"],
            ['line 5: forwards.db.target must be KIND/NAME, such as "svc/web", not "db"'],
        ),
        (
            '[forwards.db]\ntarget = "sts/db"\nports = 5432\n',
            [],
            ['line 3: forwards.db.ports must be a list, such as ["8080:80"]'],
        ),
        (
            '[forwards.db]\ntarget = "sts/db"\nports = [5432]\n',
            [],
            ['line 3: forwards.db.ports must hold texts in quotes, such as ["8080:80"]'],
        ),
        (
            '[forwards.db]\ntarget = "sts/db"\nports = ["a:b"]\n',
            [],
            ['line 3: forwards.db.ports "a:b" is no port: use "80", "8080:80" or the name of a port'],
        ),
        (
            '[forwards.db]\ntarget = "sts/db"\nports = ["65536:80"]\n',
            [],
            ['line 3: forwards.db.ports "65536:80" has a port that is not between 1 and 65535'],
        ),
        (
            '[forwards.db]\ntarget = "sts/db"\nports = ["0:65535", "0"]\n',
            [],
            ['line 3: forwards.db.ports "0" has a port that is not between 1 and 65535'],
        ),
        (
            '[forwards.db]\ntarget = "sts/db"\nports = []\n',
            [],
            ['line 3: forwards.db.ports must name a port, such as ["8080:80"]'],
        ),
        (
            f'{WEB}key = "x"\n',
            ["web"],  # it can be started without its key
            ['line 4: forwards.web.key "x" is no function key from f2 to f12'],
        ),
        (
            f'{WEB}key = "f5"\n[forwards.db]\ntarget = "sts/db"\nports = ["1"]\nkey = "F5"\n',
            ["web", "db"],
            ['line 8: forwards.db.key: "f5" is the key of forwards.web already'],
        ),
        ("forwards = 3\n", [], ["line 1: forwards must be tables, such as [forwards.web]"]),
        ("[[forwards]]\n", [], ["line 1: forwards must be tables, such as [forwards.web]"]),
        ("[forwards]\nweb = 3\n", [], ["line 2: forwards.web must be a table: [forwards.web] on a line of its own"]),
    ],
)
def test_a_forward_is_used_if_it_is_valid(source: str, names: list[str], expected: list[str]) -> None:
    read = parse_settings(source)
    assert list(read.settings.forwards) == names
    assert faults(read) == expected


def test_a_forward_is_for_the_contexts_that_its_pattern_matches() -> None:
    web = ForwardSettings("svc/web", ("80",), context="prod-*")
    assert web.is_for("prod-eu")
    assert not web.is_for("test")
    assert ForwardSettings("svc/web", ("80",)).is_for("test")


@pytest.mark.parametrize(
    ("name", "forward"),
    [
        ("web", ForwardSettings("svc/web", ("8080:80", "http"), "shop", "prod", "f5")),
        ('web.0 \u007f"x"', ForwardSettings("pod/web.0", ("80",), address="0.0.0.0")),
    ],
)
def test_written_lines_are_read_as_the_same_forward(name: str, forward: ForwardSettings) -> None:
    assert parse_settings(as_toml(name, forward)).settings.forwards == {name: forward}


def test_a_file_that_cannot_be_read_is_a_fault_and_a_missing_one_is_none(tmp_path: Path) -> None:
    assert read_settings(None) == read_settings(tmp_path / "absent.toml") == SettingsFile()
    broken = tmp_path / "config.toml"
    broken.write_bytes(b"\xff\xfe")
    assert faults(read_settings(broken)) == ["is not UTF-8 text"]
    assert faults(read_settings(tmp_path))[0].startswith("cannot be read: ")


def test_the_file_is_in_the_config_directory_unless_a_variable_names_another(tmp_path: Path) -> None:
    assert config_file({"KDASH_CONFIG_FILE": "/etc/k.toml"}) == Path("/etc/k.toml")
    assert config_file({}).parts[-2:] == ("k9py", "config.toml")
