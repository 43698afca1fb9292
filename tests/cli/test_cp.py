"""`kdash cp` against the simulator over HTTP: files both ways, refusals, what is left, the audit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.api.errors import ConnectionFailedError, RefusedError
from k9py.cli.remote.copy_progress import progress_line
from k9py.cli.remote.cp import copy, copy_request, what_is_there
from k9py.remote.files.progress import CopyProgress
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.views.exit_codes import ExitCode
from tests.cli.shell import CommandResult, Shell
from tests.unit.simulator.objects import add_namespace, add_pod


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    def fill(state: SimulatorState) -> None:
        add_namespace(state)
        add_pod(state, "a")

    with Simulator(clock=ManualClock()) as running:
        running.call(fill)
        yield Shell(running, tmp_path)


async def cp(
    shell: Shell, source: str, destination: str, *, read_only: bool = False, resumes: bool = False
) -> CommandResult:
    request = copy_request(source, destination, "", resumes, True, False, 0)
    return await shell.run(lambda invocation: copy(invocation, request), read_only=read_only)


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


async def test_a_file_and_a_tree_come_and_go(shell: Shell, tmp_path: Path) -> None:
    one = await cp(shell, "a:/app/config/app.yaml", str(tmp_path / "app.yaml"))
    tree = await cp(shell, "shop/pod/a:/data/hard-names", str(tmp_path / "tree"))
    back = await cp(shell, str(tmp_path / "tree"), "a:/tmp/back")
    again = await cp(shell, "a:/tmp/back", str(tmp_path / "again"))

    assert [result.code for result in (one, back, again)] == [ExitCode.DONE] * 3, (one, tree, back, again)
    assert b"port: 8080" in (tmp_path / "app.yaml").read_bytes()
    assert len(contents(tmp_path / "tree")) > 10
    assert contents(tmp_path / "again") == contents(tmp_path / "tree")
    assert (one.out, one.err) == ("", "kdash: copied 55 B from pod a (app)\n")
    assert back.err == "kdash: copied 14 files, 393 B to pod a (app)\n"


async def test_links_are_listed_and_do_not_change_the_exit_code(shell: Shell, tmp_path: Path) -> None:
    result = await cp(shell, "a:/data", str(tmp_path / "data"))

    assert result.code == ExitCode.DONE, result.err
    assert "left out" in result.err
    assert "-L copies" in result.err
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_symlink()]


@pytest.mark.parametrize(
    ("source", "destination", "total", "hint"),
    [
        ("a:/x", "./x", 1, "5 MiB are here; the current file ends with .kdash-part; --resume continues"),
        (
            "a:/x",
            "./x",
            9,
            "3 files complete, 5 MiB are here; the current file ends with .kdash-part; --resume continues",
        ),
        ("./x", "a:/x", 1, "5 MiB sent; the current file ends with .kdash-part; --resume continues"),
        ("./x", "a:/x", 9, "5 MiB sent; the last file may be cut; --resume continues"),
    ],
)
def test_what_a_broken_copy_has_left_is_claimed_only_where_it_is_known(
    source: str, destination: str, total: int, hint: str
) -> None:
    progress = CopyProgress(files=3, bytes=5 << 20, total_files=total)
    request = copy_request(source, destination, "", False, True, False, 0)

    assert what_is_there(request, progress, ConnectionFailedError("cut")) == hint
    assert not what_is_there(request, progress, RefusedError("no"))


async def test_resume_copies_nothing_that_is_complete(shell: Shell, tmp_path: Path) -> None:
    await cp(shell, "a:/data/hard-names", str(tmp_path / "tree"))

    result = await cp(shell, "a:/data/hard-names", str(tmp_path / "tree"), resumes=True)

    assert result.code == ExitCode.DONE, result.err
    assert re.search(r"complete already: (\d+) of \1 files", result.err)
    assert "copied" not in result.err


async def test_refusals_are_clear_and_audited(shell: Shell, tmp_path: Path) -> None:
    refused = await cp(shell, "a:/etc/hostname", str(tmp_path / "x"), read_only=True)
    missing = await cp(shell, "a:/no/such", str(tmp_path / "x"))
    nothing = await cp(shell, "b:/etc/hostname", str(tmp_path / "x"))

    assert (refused.code, missing.code, nothing.code) == (ExitCode.REFUSED, ExitCode.UNKNOWN, ExitCode.UNKNOWN)
    assert "--readonly" in refused.err
    assert "/no/such cannot be read" in missing.err
    assert not (tmp_path / "x").exists()
    lines = [(line["event"], line.get("outcome"), line["action"]) for line in shell.audit]
    assert lines == [("open", None, "copy"), ("close", "failed", "copy")]


async def test_which_pod_of_a_workload_is_used_is_reported(tmp_path: Path) -> None:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        simulator.advance(60)
        result = await cp(Shell(simulator, tmp_path), "deploy/cart:/etc/hostname", str(tmp_path / "name"))

    assert result.code == ExitCode.DONE, result.err
    pod = (tmp_path / "name").read_text().strip()
    assert result.err.splitlines() == [f"kdash: using pod {pod} of 3", f"kdash: copied 22 B from pod {pod} (app)"]


def test_the_progress_fits_its_line() -> None:
    progress = CopyProgress(3, 50 * 2**20, 12, 100 * 2**20, current="var/log/app.log")

    assert progress_line(progress, 5.0, 120) == (
        "[##########----------] 50 % of 100 MiB, 3 of 12 files, 10 MiB/s, 6 s left  var/log/app.log"
    )
    assert all(len(progress_line(progress, 5.0, columns)) <= columns for columns in range(10, 120))
