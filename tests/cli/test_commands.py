"""The subcommands' command lines: targets, position of options, errors, and what is not imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pexpect
import pytest

from k9py.actions.action import Action
from k9py.actions.catalog.set_image import parse_images
from k9py.actions.registry import ACTIONS
from k9py.cli.command_line import parse_duration
from k9py.cli.commands import COMMANDS
from k9py.cli.main import command, main
from k9py.cli.targets import ObjectArgument, parse_target, parse_targets
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.views.exit_codes import ExitCode
from tests.cli.shell import spec_of

NAMES = [str(subcommand.name) for subcommand in COMMANDS]
HEAVY = "{'textual', 'kubernetes_asyncio', 'aiohttp', 'rich', 'msgspec'}"


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_info:
        main(argv)
    captured = capsys.readouterr()
    assert isinstance(exit_info.value.code, int)
    return exit_info.value.code, captured.out, captured.err


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A kubeconfig of the quiet shop in namespace `shop`, and a separate audit file."""
    monkeypatch.setenv("KDASH_AUDIT_FILE", str(tmp_path / "audit.jsonl"))
    with Simulator("shop-quiet", ManualClock()) as simulator:
        yield simulator.write_kubeconfig(tmp_path / "config", namespace="shop")


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("deploy/checkout",), "Deployment"),
        (("deployment/checkout",), "Deployment"),
        (("deployments/checkout",), "Deployment"),
        (("deployments.apps/checkout",), "Deployment"),
        (("Deployment/checkout",), "Deployment"),
        (("deploy", "checkout"), "Deployment"),
        (("sts/checkout",), "StatefulSet"),
        (("statefulsets", "checkout"), "StatefulSet"),
        (("ds/checkout",), "DaemonSet"),
        (("daemonset", "checkout"), "DaemonSet"),
    ],
)
def test_a_workload_is_named_by_kubectls_kinds(arguments: tuple[str, ...], kind: str) -> None:
    assert parse_target(arguments) == ObjectArgument(kind, "checkout")


@pytest.mark.parametrize(
    "arguments",
    [(), ("pod/x",), ("Check_out",), ("deploy",), ("deploy/",), ("/x",), ("deploy/a/b",), ("deploy", "sts/x")],
)
def test_what_names_no_workload_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError):
        parse_target(arguments)


def test_a_bare_name_is_a_workload_of_any_kind() -> None:
    assert parse_target(("checkout",)) == ObjectArgument("", "checkout", ("Deployment", "StatefulSet", "DaemonSet"))


def test_several_are_named_in_either_form_and_each_is_taken_once() -> None:
    assert parse_targets(("deploy/a", "sts", "b", "deployment/a")) == (
        ObjectArgument("Deployment", "a"),
        ObjectArgument("StatefulSet", "b"),
    )
    with pytest.raises(click.UsageError, match="takes one object"):
        parse_target(("deploy/a", "deploy/b"))


def test_images_are_parted_from_the_workload() -> None:
    arguments = ("deploy/x", "app=registry.example.com:5000/a:1", "proxy=b@sha256:00")
    assert parse_images(arguments) == (
        ("deploy/x",),
        {"images": {"app": "registry.example.com:5000/a:1", "proxy": "b@sha256:00"}},
    )
    for wrong in (("deploy/x",), ("deploy/x", "=a"), ("deploy/x", "app="), ("deploy/x", "app=a", "app=b")):
        with pytest.raises(ValueError, match=r"image|IMAGE"):
            parse_images(wrong)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("0", 0)])
def test_a_length_of_time_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "10x", "-5", "1.5m", "10 m"])
def test_an_invalid_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        parse_duration(text)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["histroy", "deploy/x"], "did you mean history?"),
        (["status", "--wait"], "--wait needs an object"),
        (["undo", "pod/x"], "'pod/x' is a Pod, not a workload: use deploy/NAME, sts/NAME or ds/NAME."),
        (["status", "svc/x"], "a Service has no rollout: use deploy/NAME, sts/NAME, ds/NAME, job/NAME or pod/NAME."),
        (["undo", "Check_out"], "'Check_out' is not a workload: use deploy/NAME, sts/NAME or ds/NAME."),
        (["undo", "deploy/."], "is not a valid workload name"),
        (["undo", "deploy/a..b"], "is not a valid workload name"),
        (["undo", "deploy/-a"], "is not a valid workload name"),
        (["undo", "deploy/Checkout"], "is not a valid workload name"),
        (["status", "deploy/x", "--timeout", "soon"], "is not a duration"),
        (["diff", "deploy/x", "--from", "then"], "neither a revision number nor 'now'"),
        (["scale", "deploy/x"], "--replicas"),
        (["scale", "deploy/x", "--replicas", "-1"], "-1"),
        (["set-image", "deploy/x"], "Name a container"),
        (["undo", "deploy/x", "deploy/y"], "undo takes one object; you named Deployment x and Deployment y"),
        (["undo", "deploy/x", "-n", "No_Name"], "not a valid namespace name"),
        (["-n", "a", "-n", "b", "undo", "deploy/x"], "Only one namespace is allowed"),
        (["-A", "undo", "deploy/x"], "-A is not valid with undo"),
        (["--once", "status", "deploy/x"], "--once is not valid with status"),
        (["--theme", "light", "status", "deploy/x"], "--theme is not valid with status"),
        (["--demo", "status", "deploy/x", "--context", "y"], "omit"),
        (["status", "deploy/x", "-o", "xml"], "xml"),
    ],
)
def test_invalid_command_lines_are_refused_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], argv: list[str], says: str
) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert says in err


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_a_command_imports_nothing_heavy(name: str) -> None:
    script = (
        "import sys\n"
        "from k9py.cli.main import main\n"
        f"try: main([{name!r}, '--help'])\n"
        "except SystemExit as done: assert done.code == 0\n"
        f"assert not {HEAVY} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"kdash {name}" in done.stdout


def test_no_command_imports_the_dashboard(config: Path) -> None:
    script = (
        "import sys\n"
        "from k9py.cli.main import main\n"
        "for words in ('status --wait', 'undo --dry-run --to-revision 4', 'diff', 'history'):\n"
        f"    try: main([*words.split(), 'deploy/checkout', '--kubeconfig', {str(config)!r}])\n"
        "    except SystemExit as done: assert done.code == 0, (words, done.code)\n"
        "assert 'textual' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_help_of_the_group_names_every_command_and_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert set(NAMES) == set(command.commands)
    for name in NAMES:
        assert f"  {name} " in out
    listed = out.partition("Exit codes:")[2].split("\n")
    assert [int(line.split()[0]) for line in listed if line.strip()] == [int(code) for code in ExitCode]


@pytest.mark.parametrize(
    "place",
    [
        lambda config: ["--kubeconfig", config, "-o", "json", "status", "deploy/cart", "-n", "shop"],
        lambda config: ["-n", "shop", "status", "deploy/cart", "--kubeconfig", config, "--output", "json"],
        lambda config: ["-n", "data", "status", "-n", "shop", "--kubeconfig", config, "-ojson", "deploy", "cart"],
        lambda config: ["status", "deploy/cart", "--kubeconfig", config, "--no-color", "-o", "json"],
    ],
)
def test_options_may_come_before_or_after_the_command(
    capsys: pytest.CaptureFixture[str], config: Path, place: object
) -> None:
    assert callable(place)
    code, out, err = run(capsys, *place(str(config)))
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert (answer["namespace"], answer["name"], answer["context"]) == ("shop", "cart", "demo")


def test_read_only_before_the_command_counts(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    code, out, err = run(capsys, "--readonly", "restart", "deploy/cart", "--yes", "--kubeconfig", str(config))
    assert (code, out) == (9, "")
    assert "kdash runs with --readonly" in err


@pytest.mark.parametrize(
    "argv",
    [
        ["--demo", "status", "deploy/cart"],
        ["status", "--demo", "deploy/cart"],
        ["status", "--demo", "shop", "deploy/cart"],
        ["status", "deploy/cart", "--demo"],
        ["--demo=bad-release", "status", "deploy/cart"],
        ["status", "deploy", "cart", "--demo=bad-release"],
    ],
)
def test_a_bare_demo_takes_no_following_argument(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, err) == (0, "")
    assert out.startswith("Deployment shop/cart: healthy")


def test_a_demo_we_do_not_have_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "status", "deploy/cart", "--demo=nope")
    assert (code, out) == (2, "")
    assert "unknown demo 'nope'" in err


def test_a_context_that_is_not_there_is_2(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    code, out, err = run(capsys, "status", "deploy/cart", "--kubeconfig", str(config), "--context", "prod")
    assert (code, out) == (2, "")
    assert "prod" in err


def test_a_write_without_a_terminal_and_without_yes_is_refused(
    capsys: pytest.CaptureFixture[str], config: Path
) -> None:
    code, out, err = run(capsys, "restart", "deploy/cart", "--kubeconfig", str(config))
    assert (code, out) == (9, "")
    assert "--yes" in err


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[tuple[Simulator, pexpect.spawn[str]]]:
    """`kdash undo` at a real terminal."""
    with Simulator("shop-quiet", ManualClock()) as simulator:
        config = simulator.write_kubeconfig(tmp_path / "config", namespace="shop")
        arguments = ["-m", "k9py", "undo", "deploy/checkout", "--to-revision", "4", "--kubeconfig", str(config)]
        environ = {**os.environ, "KDASH_AUDIT_FILE": str(tmp_path / "audit.jsonl"), "TERM": "dumb"}
        child = pexpect.spawn(
            sys.executable, arguments, env=environ, encoding="utf-8", timeout=30, dimensions=(40, 200)
        )
        try:
            child.expect_exact("Apply? [y/N] ")
            yield simulator, child
        finally:
            child.close(force=True)


def _image(simulator: Simulator) -> str:
    spec = spec_of(simulator, "Deployment", "shop", "checkout")
    return str(spec["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def test_at_a_terminal_yes_writes(terminal: tuple[Simulator, pexpect.spawn[str]]) -> None:
    simulator, child = terminal
    child.sendline("y")
    child.expect_exact("Deployment shop/checkout rolled back to revision 4")
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, _image(simulator)) == (0, "2.7.0")


def test_at_a_terminal_ctrl_c_writes_nothing(terminal: tuple[Simulator, pexpect.spawn[str]]) -> None:
    simulator, child = terminal
    child.sendintr()
    child.expect_exact("nothing was written")
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, _image(simulator)) == (130, "2.7.1")


def test_at_a_terminal_the_end_of_input_writes_nothing(terminal: tuple[Simulator, pexpect.spawn[str]]) -> None:
    simulator, child = terminal
    child.sendeof()
    child.expect_exact("nothing was written")
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, _image(simulator)) == (9, "2.7.1")


@pytest.mark.parametrize(
    "action", [action for action in ACTIONS if action.cli and action.operation], ids=lambda a: a.id
)
def test_a_verb_starts_the_operation_of_its_name(action: Action) -> None:
    assert action.cli is not None
    assert action.operation == action.cli.name


def test_resume_never_pauses(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    code, _, err = run(capsys, "resume", "deploy/cart", "--kubeconfig", str(config), "--yes")
    assert (code, "is not paused" in err) == (ExitCode.REFUSED, True)
