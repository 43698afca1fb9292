"""The command line before it connects: parsing, errors, exit codes, and what is not imported."""

import subprocess
import sys

import pytest

from k9py import __version__
from k9py.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_info:
        main(argv)
    captured = capsys.readouterr()
    assert isinstance(exit_info.value.code, int)
    return exit_info.value.code, captured.out, captured.err


def test_version_names_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"kdash, version {__version__}\n", "")


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["-A", "-n", "shop"], "exclude each other"),
        (["--demo", "--context", "prod"], "omit"),
        (["--demo", "--kubeconfig", "file"], "omit"),
        (["--output", "json"], "requires --once"),
        (["--once", "--output", "xml"], "xml"),
        (["-n", "Not_A_Name"], "not a valid namespace name"),
        (["-n", ""], "not a valid namespace name"),
        (["-n", "shop/../x"], "not a valid namespace name"),
        (["--nope"], "No such option"),
        (["left-over"], "unknown command 'left-over'"),
        (["run", "x"], "unknown command 'run'. A command in all pods: kdash exec KIND/NAME --all -- COMMAND"),
        (["--demo", "shel", "deploy/web"], "unknown command 'shel': did you mean shell?"),
        (["--demo", "failure", "get", "pods"], "unknown demo 'failure'"),
    ],
)
def test_invalid_command_lines_are_refused_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], argv: list[str], says: str
) -> None:
    code, out, err = run(capsys, *argv)
    assert code == 2
    assert out == ""
    assert says in err


def test_without_a_terminal_the_dashboard_names_the_way_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys)
    assert code == 2
    assert "needs a terminal" in err
    assert "kdash --once" in err


def test_a_redirected_standard_error_is_refused_where_the_screen_would_go_into_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    code, _, err = run(capsys, "--demo")
    assert code == 2
    assert "on standard error too" in err


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(flag: str) -> None:
    script = (
        "import sys\n"
        "from k9py.cli.main import main\n"
        f"try: main([{flag!r}])\n"
        "except SystemExit as done: assert done.code == 0\n"
        "heavy = {'textual', 'kubernetes_asyncio', 'aiohttp', 'rich', 'msgspec'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
