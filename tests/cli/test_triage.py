"""Triage on the command line: the same verdict in `status`, `why` and a replayed capsule, which holds no secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from k9py.cli.command_line import ScopeArguments
from k9py.cli.main import main
from k9py.cli.session import Invocation
from k9py.cli.triage.capsule import capsule
from k9py.cli.triage.ranking import ranking
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from tests.cli.shell import Shell, edit, image

_SEEDED = "hunter2-very-secret"


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_info:
        main(list(argv))
    captured = capsys.readouterr()
    assert isinstance(exit_info.value.code, int)
    return exit_info.value.code, captured.out, captured.err


def verdict(values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return what a report says, without its times."""
    return [
        (each["severity"], each["check"], each["subject"], each["cause"], each["explained"], each["evidence"])
        for each in values["problems"]
    ]


def set_on_flush(invocation: Invocation, event: asyncio.Event) -> None:
    """Set an event when a command has flushed its output: all that was known has been printed."""
    flush = invocation.console.out.flush

    def flushed() -> None:
        event.set()
        flush()

    invocation.console.out.flush = flushed  # type: ignore[method-assign]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as running:
        yield running


def test_status_without_an_object_ranks_the_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # One cluster, and its time stands still: restarts between the two commands would change objects and causes.
    with Simulator("failures", ManualClock(datetime.now(UTC))) as failures:
        kubeconfig = str(failures.write_kubeconfig(tmp_path / "config"))
        code, out, err = run(capsys, "status", "-A", "--kubeconfig", kubeconfig)
        _, text, _ = run(capsys, "status", "-A", "--kubeconfig", kubeconfig, "-o", "json")
    values = json.loads(text)

    assert (code, err) == (1, "")
    assert values["schema"] == "kdash.triage/v1"
    assert (values["exit_code"], values["complete"], values["namespaces"]) == (1, True, [])
    severities = [each["severity"] for each in values["problems"]]
    order = ["down", "degraded", "stuck", "unknown", "warning", "rolling out", "info"]
    assert severities == sorted(severities, key=order.index)
    for problem in values["problems"]:
        if problem["severity"] == "info":
            continue  # counted only
        assert problem["subject"]["name"] in out
        assert problem["cause"] in out
    assert "all namespaces: " in out
    assert f"looked at {values['looked_at']} objects" in out


def test_a_healthy_cluster_says_how_much_was_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "status", "--demo=shop")

    assert (code, err) == (0, "")
    assert out.startswith("all namespaces: looked at ")


def test_why_shows_the_chain_to_the_root_and_exits_with_its_cause(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "why", "deploy/checkout", "--demo=bad-release")
    json_code, text, _ = run(capsys, "why", "deployment", "checkout", "--demo=bad-release", "-o", "json")
    values = json.loads(text)

    assert code == json_code == values["exit_code"] == 3
    assert "checkout:2.8.0" in out
    assert "Deployment checkout" in out
    assert values["object"] == {"kind": "Deployment", "namespace": "shop", "name": "checkout", "group": ""}
    (problem,) = values["problems"]
    assert problem["kind"] == "image"
    assert problem["evidence"]


def test_why_of_a_healthy_object_says_that_nothing_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "why", "cart", "--demo=bad-release")

    assert code == 0
    assert out.startswith("Deployment shop/cart: nothing found, looked at ")


def test_why_of_a_service_that_serves_shows_what_is_wrong_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "why", "svc/checkout", "--demo=bad-release")

    assert code == 3
    assert out.startswith("Service shop/checkout: itself is well; what is behind it is not:")
    assert "checkout:2.8.0" in out


def test_what_does_not_exist_can_be_a_root(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "why", "secret/secret-missing-db", "-n", "shop", "--demo=failures")

    assert code == 4
    assert "Secret secret-missing-db does not exist" in out
    assert "DaemonSet secret-missing" in out


def test_why_of_a_namespace_shows_what_is_wrong_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "why", "ns/tight", "--demo=failures")

    assert code == 6
    assert "team-limit" in out
    assert "node-003" not in out


def test_a_namespace_is_judged_by_what_concerns_it(capsys: pytest.CaptureFixture[str]) -> None:
    _, everywhere, _ = run(capsys, "status", "--demo=failures", "-o", "json")
    code, text, _ = run(capsys, "status", "-n", "tight", "--demo=failures", "-o", "json")
    _, out, _ = run(capsys, "status", "-n", "tight", "--demo=failures")
    here = json.loads(text)
    subjects = [each["subject"] for each in here["problems"]]

    assert code == 1
    assert {subject["namespace"] for subject in subjects} == {"tight"}
    assert "node-003" in {each["subject"]["name"] for each in json.loads(everywhere)["problems"]}
    assert "namespace tight: " in out


def test_muted_checks_are_counted_and_faults_of_the_file_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[triage]\nmute = ["image-pull", "imagepull"]\n')
    monkeypatch.setenv("KDASH_CONFIG_FILE", str(path))

    code, out, err = run(capsys, "status", "--demo=bad-release")
    _, text, _ = run(capsys, "status", "--demo=bad-release", "-o", "json")

    assert code == 0
    assert out.startswith("all namespaces: looked at ")
    assert "· 1 muted" in out
    assert f"{path}: line 2: " in err
    assert "imagepull" in err
    assert json.loads(text)["muted"] == 1


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("status", "-n", "nowhere"), "no such namespace: nowhere"),
        (("status", "--wait"), "--wait needs an object"),
        (("status", "deploy/cart", "--watch"), "--watch prints the problems of namespaces"),
        (("status", "deploy/cart", "-A"), "an object has one namespace"),
        (("why",), "Name an object"),
        (("why", "svc/gone"), "Service shop/gone not found"),
        (("why", "gone"), "no Deployment"),
        (("why", "svc/cart", "svc/catalog"), "name one object, not 2"),
        (("capsule", "svc/gone"), "Service shop/gone not found"),
        (("status", "--replay", "missing.md"), "--replay has its own cluster"),
    ],
)
def test_bad_input_is_refused_with_a_reason(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], message: str
) -> None:
    code, out, err = run(capsys, *argv, "--demo=shop")

    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_a_file_that_is_no_capsule_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# notes\n")

    code, _, err = run(capsys, "status", "--replay", str(path))

    assert code == 2
    assert "is no incident capsule" in err


@pytest.mark.parametrize("scenario", ["failures", "bad-release"])
def test_a_capsule_gives_the_verdict_of_the_cluster(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, scenario: str
) -> None:
    path = tmp_path / "incident.md"
    with Simulator(scenario, ManualClock()) as standing_still:
        shell = Shell(standing_still, tmp_path)
        written = asyncio.run(shell.run(lambda invocation: capsule(invocation, (), ScopeArguments(), str(path))))
        live = asyncio.run(shell.run(lambda invocation: ranking(invocation, ScopeArguments(), watch=False), json=True))

    code, out, err = run(capsys, "status", "--replay", str(path), "-o", "json")
    replayed = json.loads(out)

    assert (written.code, code, err) == (0, 1, "")
    assert verdict(replayed) == verdict(live.json)
    assert (replayed["at"], replayed["context"]) == (live.json["at"], live.json["context"])


def test_what_is_not_in_a_capsule_is_unread(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "tight.md"

    assert run(capsys, "capsule", "-n", "tight", "--demo=failures", "-f", str(path))[0] == 0
    code, out, _ = run(capsys, "status", "-A", "--replay", str(path), "-o", "json")
    _, pods, elsewhere = run(capsys, "get", "pods", "-n", "shop", "--replay", str(path))
    _, leases, kind = run(capsys, "get", "leases", "-n", "tight", "--replay", str(path))
    values = json.loads(out)

    assert {each["subject"]["namespace"] for each in values["problems"]} == {"tight"}
    assert values["namespaces"] == ["tight"]
    assert (pods, leases) == ("", "")
    assert "pods of namespace shop are not in the capsule: unknown, not none" in elsewhere
    assert "are not in the capsule: unknown, not none" in kind
    assert code == 1


def test_a_capsule_is_never_written_over_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("mine")

    code, _, err = run(capsys, "capsule", "--demo=shop", "-f", str(path))

    assert code == 2
    assert "exists already" in err
    assert path.read_text() == "mine"


async def test_no_seeded_secret_is_in_a_capsule(simulator: Simulator, tmp_path: Path) -> None:
    def seed(state: Any) -> None:
        metadata = {"name": "seeded", "namespace": "shop"}
        for kind, content in (
            ("Secret", {"type": "Opaque", "data": {"password": "aHVudGVyMi12ZXJ5LXNlY3JldA=="}}),
            ("ConfigMap", {"data": {"app.ini": f"password = {_SEEDED}"}}),
        ):
            state.storage.create(by_kind(kind), {"kind": kind, "metadata": metadata, **content})

    def change(spec: dict[str, Any]) -> None:
        container = spec["template"]["spec"]["containers"][0]
        container["env"] = [
            {"name": "DB_PASSWORD", "value": _SEEDED},
            {"name": "DB_URL", "value": f"postgres://app:{_SEEDED}@db:5432/app"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "seeded", "key": "missing"}}},
            {"name": "INI", "valueFrom": {"configMapKeyRef": {"name": "seeded", "key": "missing"}}},
        ]
        container["args"] = ["--token", _SEEDED]

    simulator.call(seed)
    edit(simulator, change)
    await asyncio.to_thread(simulator.advance, 120)
    path = tmp_path / "incident.md"

    result = await Shell(simulator, tmp_path).run(
        lambda invocation: capsule(invocation, (), ScopeArguments(), str(path))
    )

    text = path.read_text("utf-8")
    assert result.code == 0
    assert '"name":"seeded"' in text
    assert _SEEDED not in text
    assert "aHVudGVyMi12ZXJ5LXNlY3JldA" not in text


async def test_watch_prints_what_appears_and_what_is_resolved(simulator: Simulator, tmp_path: Path) -> None:
    quiet, broken, mended = asyncio.Event(), asyncio.Event(), asyncio.Event()
    good = ""

    def read(spec: dict[str, Any]) -> None:
        nonlocal good
        good = spec["template"]["spec"]["containers"][0]["image"]

    edit(simulator, read)

    async def core(invocation: Invocation) -> int:
        written = invocation.console.out.write

        def write(text: str) -> int:
            if "checkout" in text:
                (mended if "resolved" in text else broken).set()
            return written(text)

        invocation.console.out.write = write  # type: ignore[method-assign]
        set_on_flush(invocation, quiet)
        task = asyncio.create_task(ranking(invocation, ScopeArguments(), watch=True))
        async with asyncio.timeout(30):
            await quiet.wait()
            for wanted, name in ((broken, "registry.example.com/shop/checkout:does-not-exist"), (mended, good)):
                await asyncio.to_thread(edit, simulator, image(name))
                while not wanted.is_set():
                    await asyncio.to_thread(simulator.advance, 5)
        task.cancel()
        await asyncio.wait({task})
        return 0

    result = await Shell(simulator, tmp_path).run(core)

    lines = [line.split(maxsplit=1)[1] for line in result.out.splitlines()]
    assert any("checkout" in line and line.startswith(("stuck", "down", "degraded", "warning")) for line in lines)
    assert lines[-1].startswith("resolved")


async def test_watch_reports_a_lost_connection(simulator: Simulator, tmp_path: Path) -> None:
    quiet, lost, again = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def core(invocation: Invocation) -> int:
        written = invocation.console.err.write

        def write(text: str) -> int:
            if "connection lost: " in text:
                lost.set()
            if "watching again" in text:
                again.set()
            return written(text)

        invocation.console.err.write = write  # type: ignore[method-assign]
        set_on_flush(invocation, quiet)
        task = asyncio.create_task(ranking(invocation, ScopeArguments(), watch=True))
        async with asyncio.timeout(30):
            await quiet.wait()
            await asyncio.to_thread(simulator.stop_listening)
            await lost.wait()
            await asyncio.to_thread(simulator.listen_again)
            await again.wait()
        task.cancel()
        await asyncio.wait({task})
        return 0

    result = await Shell(simulator, tmp_path).run(core)

    assert [line.partition(":")[0] for line in result.err.splitlines()] == ["kdash", "kdash"]
