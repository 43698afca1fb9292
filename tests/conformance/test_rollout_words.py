"""kubectl\'s own `rollout status` for every recorded workload: kdash's sentence equals it, and kdash finishes when
kubectl does.

The states are recorded from a real server; a simulator without controllers serves them unchanged.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest

from k9py.api.kinds import KINDS
from k9py.api.workloads import DaemonSet, Deployment, StatefulSet, Workload
from k9py.diagnosis.rollouts import diagnose_rollout
from k9py.rollouts.kubectl_status import kubectl_status
from k9py.rollouts.progress import rollout_progress
from k9py.rollouts.status import RolloutState
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.conformance.kubectl import Kubectl, Outcome
from tests.recordings import exchanges
from tests.unit.simulator.objects import add_namespace

Object = dict[str, Any]

RECORDINGS: Final = (
    "bad-release",
    "undo-kubectl",
    "undo-to-revision-kubectl",
    "pause-resume-kubectl",
    "statefulset",
    "daemonset",
    "quota",
    "unschedulable",
)
ROLLED_OUT: Final = ("Deployment", "StatefulSet", "DaemonSet")
DONE_SENTENCE: Final = re.compile(
    r'(deployment|daemon set) "\S+" successfully rolled out|partitioned roll out complete: |'
    r"statefulset rolling update complete "
)
CONCURRENCY: Final = 4
NOW: Final = datetime(2026, 1, 15, 12, tzinfo=UTC)


def workloads_in(value: Any) -> Iterator[Object]:
    """Yield the workloads in a recorded body: an object, a list, or the events of a watch."""
    match value:
        case {"kind": kind, "metadata": {}, "spec": {}} if kind in ROLLED_OUT:
            yield value
        case {"kind": str(kind), "items": [*items], "apiVersion": version} if kind.removesuffix("List") in ROLLED_OUT:
            yield from ({**item, "kind": kind.removesuffix("List"), "apiVersion": version} for item in items)
        case {}:
            for nested in value.values():
                yield from workloads_in(nested)
        case [*items]:
            for nested in items:
                yield from workloads_in(nested)


def recorded() -> list[Object]:
    """Return the recorded states that differ in a field which the rollout status depends on."""
    states: dict[str, Object] = {}
    for name in RECORDINGS:
        for exchange in exchanges(name):
            for side in ("request", "response"):
                for workload in workloads_in(exchange[side].get("body")):
                    states.setdefault(json.dumps(_status_inputs(workload), sort_keys=True), workload)
    return list(states.values())


def _status_inputs(obj: Object) -> Object:
    spec, status = obj["spec"], obj.get("status") or {}
    seen = status.get("observedGeneration")
    revisions = [status.get("currentRevision"), status.get("updateRevision")]
    return {
        "kind": obj["kind"],
        "seen": None if seen is None else obj["metadata"].get("generation", 0) > seen,
        "spec": {key: spec.get(key) for key in ("replicas", "strategy", "updateStrategy", "paused")},
        "counts": {
            key: value for key, value in status.items() if isinstance(value, int) and key != "observedGeneration"
        },
        "same": revisions[0] == revisions[1],
        "conditions": [
            (condition["type"], condition["status"], condition.get("reason"))
            for condition in status.get("conditions") or ()
        ],
    }


@dataclass(frozen=True, slots=True)
class Served:
    """A recorded workload as the simulator serves it, in a namespace of its own."""

    namespace: str
    workload: Workload

    @property
    def target(self) -> str:
        return f"{self.workload.key.kind.lower()}/{self.workload.name}"


@pytest.fixture
def served(simulator: Simulator) -> list[Served]:
    def put(state: SimulatorState) -> list[tuple[str, Object]]:
        stored = []
        for number, obj in enumerate(recorded()):
            namespace = f"state-{number}"
            add_namespace(state, namespace)
            body = {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}
            stored.append((namespace, state.storage.create(by_kind(obj["kind"]), body)))
        return stored

    served = []
    for namespace, obj in simulator.call(put):
        workload = KINDS[obj["kind"]].decode(msgspec.json.encode(obj))
        assert isinstance(workload, Deployment | StatefulSet | DaemonSet)
        served.append(Served(namespace, workload))
    return served


async def kubectl_statuses(kubectl: Kubectl, served: Sequence[Served], *options: str) -> list[Outcome]:
    """Return what `kubectl rollout status` prints for each workload."""
    free = asyncio.Semaphore(CONCURRENCY)

    async def ask(workload: Served) -> Outcome:
        async with free:
            return await kubectl(
                "rollout", "status", workload.target, *options, namespace=workload.namespace, code=None
            )

    return await asyncio.gather(*(ask(workload) for workload in served))


def sentence(outcome: Outcome) -> str:
    return (outcome.out or outcome.err).strip()


async def test_our_text_is_kubectls_and_we_are_done_exactly_when_it_is(kubectl: Kubectl, served: list[Served]) -> None:
    assert {type(subject.workload) for subject in served} == {Deployment, StatefulSet, DaemonSet}
    answers = await kubectl_statuses(kubectl, served, "--watch=false")
    ended = set()
    for subject, outcome in zip(served, answers, strict=True):
        text, done = kubectl_status(subject.workload)
        assert text == sentence(outcome)
        assert text.startswith("error: ") == (outcome.code != 0)
        assert done == bool(DONE_SENTENCE.match(text))
        counts, state = rollout_progress(subject.workload), diagnose_rollout(subject.workload, (), (), NOW).state
        assert (state is RolloutState.COMPLETE) == (
            # kubectl also reports a paused rollout as done, and one with surplus pods left.
            done and not counts.paused and counts.total <= counts.desired
        )
        ended.add((type(subject.workload), done))
    assert ended == {(kind, done) for kind in (Deployment, StatefulSet, DaemonSet) for done in (True, False)}


async def test_a_waiting_kubectl_succeeds_exactly_where_we_are_done(kubectl: Kubectl, served: list[Served]) -> None:
    # One state for each form of sentence: those that are not done cost their timeout.
    forms = {re.sub(r"\d+|-\w{8,10}\b", "#", kubectl_status(subject.workload)[0]): subject for subject in served}
    assert len(forms) >= 8
    selected = list(forms.values())
    for subject, outcome in zip(selected, await kubectl_statuses(kubectl, selected, "--timeout=1s"), strict=True):
        text, done = kubectl_status(subject.workload)
        assert (outcome.code == 0) == done, text
