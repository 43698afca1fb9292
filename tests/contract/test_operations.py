"""Every operation × every outcome, through both front ends: the same requests, audit lines and outcome.

Those that take several targets are run on two as well.

What cannot happen is in `IMPOSSIBLE`, with the reason. To add an operation: an entry in `OPERATIONS`; the other tables
then ask for its outcomes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from k9py.api.standard_types import standard_type
from k9py.operations.apply import Manifest
from k9py.operations.debugging.pods import DebugContainer
from k9py.operations.manifest import write_yaml
from k9py.operations.registry import built_in_operations
from k9py.simulator.clock import ManualClock
from k9py.simulator.faults import Cut, Hang, Refuse
from k9py.simulator.server import Simulator
from tests.contract.scene import NAME, NEXT, SECOND, Observed, Scene, through_cli, through_tui

_NUMBERS = count(1)


@dataclass(frozen=True)
class Case:
    """An operation as it is run here, and its undisturbed outcome."""

    inputs: dict[str, Any] | Callable[[Scene], dict[str, Any]] = field(default_factory=dict)
    done: str = "converged"
    kind: str = "Deployment"
    paused: bool = False
    spec: dict[str, Any] = field(default_factory=dict)

    def given(self, scene: Scene) -> dict[str, Any]:
        """Return the inputs, made from the objects of a scene where they depend on those."""
        return self.inputs if isinstance(self.inputs, dict) else self.inputs(scene)


def edited(scene: Scene) -> dict[str, Any]:
    """Return an edit of the Deployment: more replicas."""
    obj = scene.stored(scene.key)
    obj["spec"]["replicas"] = 5
    return {"text": write_yaml(obj)}


def applied(scene: Scene) -> dict[str, Any]:
    """Apply another image to each Deployment."""
    containers = [{"name": "app", "image": NEXT}]
    manifests = {}
    for key in scene.keys:
        metadata = {"name": key.name, "namespace": key.namespace}
        spec = {"template": {"spec": {"containers": containers}}}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
        manifests[key] = Manifest(key, standard_type("apps", "Deployment"), body, "app.yaml:1")
    return {"manifests": manifests, "force": True}


OPERATIONS: Final = {
    "scale": Case({"replicas": 5}),
    "zero": Case(),
    "restart": Case(),
    "undo": Case({"revision": 1}),
    "set-image": Case({"images": {"app": NEXT}}),
    "pause": Case(done="paused"),
    "resume": Case(paused=True),
    "delete": Case({"cascade": "background"}, done="gone", kind="Pod"),
    "evict": Case(done="gone", kind="Pod"),
    "label": Case({"values": {"tier": "web"}}, done="done"),
    "annotate": Case({"values": {"example.com/team": "shop"}}, done="done"),
    "cordon": Case(done="done", kind="Node"),
    "uncordon": Case(done="done", kind="Node", spec={"unschedulable": True}),
    "drain": Case(done="converged", kind="Node"),
    "edit": Case(edited),
    "apply": Case(applied),
    "suspend": Case(done="done", kind="CronJob"),
    "trigger": Case(done="done", kind="CronJob"),
    "retry": Case(done="done", kind="Job"),
    "debug-container": Case(lambda _: {"container": DebugContainer("busybox:1.37")}, kind="Pod"),
    "debug-copy": Case(lambda _: {"container": DebugContainer("busybox:1.37")}, kind="Pod"),
    "node-shell": Case(
        lambda scene: {"container": DebugContainer("busybox:1.37"), "namespace": scene.namespace}, kind="Node"
    ),
}

_DEBUG: Final = ("debug-container", "debug-copy", "node-shell")
_NO_ROLLOUT = "it starts no rollout that could stall"
IMPOSSIBLE: Final = {
    ("zero", "stalled"): "pods that are taken away need nothing they could wait for",
    ("pause", "stalled"): _NO_ROLLOUT,
    ("delete", "stalled"): _NO_ROLLOUT,
    ("evict", "stalled"): _NO_ROLLOUT,
    **{
        (operation, "stalled"): _NO_ROLLOUT
        for operation in ("label", "annotate", "cordon", "uncordon", "drain", "suspend", "trigger", "retry")
    },
    **{(operation, "stalled"): _NO_ROLLOUT for operation in _DEBUG},
    **{(operation, "conflict"): "it creates another object" for operation in ("trigger", "retry", *_DEBUG[1:])},
}


def undisturbed(scene: Scene) -> None:
    """The undisturbed outcome."""


def refused(scene: Scene) -> None:
    scene.inject(Refuse(403, "Forbidden", "you may not"), times=None)


def conflict(scene: Scene) -> None:
    scene.at_confirm.append(scene.change_elsewhere)


def dry_run_unsupported(scene: Scene) -> None:
    scene.inject(Refuse(400, message='admission webhook "audit.example.com" does not support dry run'))


def webhook_denial(scene: Scene) -> None:
    scene.inject(Refuse(400, message='admission webhook "team.example.com" denied the request: no team'), times=None)


def stalled(scene: Scene) -> None:
    scene.fill_quota()


def cancelled(scene: Scene) -> None:
    scene.cancels = True
    scene.at_confirm.append(lambda: scene.inject(Hang()))


def connection_lost(scene: Scene) -> None:
    scene.at_confirm.append(lambda: scene.inject(Cut(0)))


@dataclass(frozen=True)
class Way:
    """The course of a run.

    Args:
        outcome: None: as undisturbed.
        error: class of the failure.
        audit: (event, outcome) of each audit line; None: as undisturbed.
    """

    arrange: Callable[[Scene], None]
    outcome: str | None = None
    error: str = ""
    audit: tuple[tuple[str, str | None], ...] | None = None


_BEGUN = ("begin", None)
WAYS: Final = {
    "done": Way(undisturbed),
    "refused": Way(refused, "failed", "ForbiddenError", ()),
    "conflict": Way(conflict, "failed", "ConflictError", (_BEGUN, ("write", "failed"))),
    "dry-run unsupported": Way(dry_run_unsupported),
    "webhook denial": Way(webhook_denial, "failed", "DeniedError", ()),
    "stalled": Way(stalled, "stalled", "", (_BEGUN, ("write", "done"), ("followed", "stalled"))),
    "cancelled": Way(cancelled, "unknown", "", (_BEGUN, ("write", "unknown"))),
    "connection lost mid-write": Way(connection_lost),
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator("bare", ManualClock()) as running:
        yield running


def test_every_operation_is_in_the_table() -> None:
    assert set(OPERATIONS) == set(built_in_operations())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation_id", OPERATIONS)
async def test_both_front_ends_do_the_same(
    operation_id: str, way: str, simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (operation_id, way) in IMPOSSIBLE:
        return
    case, expected = OPERATIONS[operation_id], WAYS[way]

    def scene() -> Scene:
        made = Scene(simulator, tmp_path, f"shop-{next(_NUMBERS)}", case.kind, case.spec)
        made.create(paused=case.paused)
        return made

    observed = await through_both(scene, operation_id, expected.arrange, monkeypatch)
    # A pod is not changed elsewhere: it is recreated.
    error = "RecreatedError" if (way, case.kind) == ("conflict", "Pod") else expected.error
    assert (observed.outcome, observed.error) == (expected.outcome or case.done, error)
    audit = expected.audit
    if audit is None:
        followed = () if case.done == "done" else (("followed", case.done),)
        audit = (_BEGUN, ("write", "done"), *followed)
    assert tuple((line["event"], line.get("outcome")) for line in observed.audit) == audit


async def through_both(
    new_scene: Callable[[], Scene], operation_id: str, arrange: Callable[[Scene], None], patch: pytest.MonkeyPatch
) -> Observed:
    """Run through both front ends, each in a scene of its own, and return what both did."""
    seen: list[Observed] = []
    for through in (through_cli, through_tui):
        scene = new_scene()
        arrange(scene)
        try:
            seen.append(await through(scene, operation_id, OPERATIONS[operation_id].given(scene), patch))
        finally:
            scene.simulator.clear_faults()
            scene.remove()
    cli, tui = seen
    assert cli.requests == tui.requests
    assert in_order(cli.audit) == in_order(tui.audit)
    assert (cli.outcome, cli.error) == (tui.outcome, tui.error)
    return cli


def in_order(audit: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the audit lines by text: a command follows each target before the next one is begun."""
    return sorted(audit, key=str)


def refused_at_the_second(scene: Scene) -> None:
    scene.at_confirm.append(lambda: scene.inject_at_last(Refuse(403, "Forbidden", "you may not")))


def stopped_after_the_first(scene: Scene) -> None:
    scene.stops = True


def connection_lost_at_the_second(scene: Scene) -> None:
    scene.at_confirm.append(lambda: scene.inject_at_last(Cut(0)))


def _bulk_way(way: str, done: str) -> Way:
    """Return how two targets end, where an undisturbed one ends with `done`."""
    followed = () if done == "done" else (("followed", done),)
    one = (_BEGUN, ("write", "done"), *followed)
    match way:
        case "refused at the second":
            failed = (_BEGUN, ("write", "failed"))
            return Way(refused_at_the_second, f"{done}, failed", "ForbiddenError", (*one, *failed))
        case "stopped after the first":
            return Way(stopped_after_the_first, f"{done}, not begun", "", one)
        case "connection lost mid-write":
            return Way(connection_lost_at_the_second, f"{done}, {done}", "", (*one, *one))
    return Way(undisturbed, f"{done}, {done}", "", (*one, *one))


BULK_WAYS: Final = ("done", "refused at the second", "stopped after the first", "connection lost mid-write")
BULK: Final = tuple(name for name, operation in built_in_operations().items() if operation.takes_several)


@pytest.mark.parametrize("way", BULK_WAYS)
@pytest.mark.parametrize("operation_id", BULK)
async def test_both_front_ends_do_the_same_to_two_targets(
    operation_id: str, way: str, simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = OPERATIONS[operation_id]
    is_quick = case.done == "done" or not built_in_operations()[operation_id].waits_for_each
    if is_quick and way == "stopped after the first":
        return  # there is no time between two of them
    expected = _bulk_way(way, case.done)

    def scene() -> Scene:
        made = Scene(simulator, tmp_path, f"shop-{next(_NUMBERS)}", case.kind, case.spec, names=(NAME, SECOND))
        made.create()
        return made

    observed = await through_both(scene, operation_id, expected.arrange, monkeypatch)
    assert (observed.outcome, observed.error) == (expected.outcome, expected.error)
    assert sorted_audit(observed) == sorted(map(str, expected.audit or ()))
    writes = [sent[0] for sent in observed.requests if len(sent) == 6 and not sent[-1]]
    assert len(set(writes)) == (1 if "not begun" in observed.outcome and case.kind != "Pod" else len(set(writes)))


def sorted_audit(observed: Observed) -> list[str]:
    """Return the audit lines in any order: those that need not wait for each other end in any order."""
    return sorted(str((line["event"], line.get("outcome"))) for line in observed.audit)


def test_what_takes_several_targets() -> None:
    assert set(BULK) == {"scale", "restart", "delete", "label", "annotate", "cordon", "uncordon", "apply"}
