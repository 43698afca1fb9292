"""When the pod template last changed, and who changed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
import pytest

from k9py.api.meta import KubeObject, ManagedFields
from k9py.api.workloads import Deployment, ReplicaSet
from k9py.diagnosis.rollouts import diagnose_rollout
from k9py.rollouts.revisions import Revision, revisions
from k9py.rollouts.template_change import revision_since, template_change
from tests import factories as make
from tests.factories import before


def revision(number: int, pod_hash: str, created_at: datetime | None, *, is_current: bool = False) -> Revision:
    return Revision(
        number=number,
        name=f"agent-{pod_hash}",
        uid=f"uid-{pod_hash}",
        kind="ControllerRevision",
        namespace="shop",
        images=(make.IMAGE,),
        change_cause="",
        created_at=created_at,
        replicas=None,
        ready=None,
        is_current=is_current,
        pod_template_hash=pod_hash,
    )


def test_a_revision_that_is_the_newest_is_in_use_since_it_was_made() -> None:
    now = revision(2, "bbb", before(60), is_current=True)
    assert revision_since(now, [now, revision(1, "aaa", before(9000))], ()) == before(60)


def test_one_that_an_undo_reused_is_in_use_since_its_first_new_pod() -> None:
    now = revision(3, "aaa", before(9000), is_current=True)
    pods = [
        make.pod("agent-1", revision_hash="aaa", created=20),
        make.pod("agent-2", revision_hash="aaa", created=30),
        make.pod("agent-3", revision_hash="bbb", created=500),
    ]
    assert revision_since(now, [now, revision(2, "bbb", before(600))], pods) == before(30)


def test_before_its_first_pod_it_is_at_least_newer_than_the_one_before() -> None:
    now = revision(3, "aaa", before(9000), is_current=True)
    assert revision_since(now, [now, revision(2, "bbb", before(600))], ()) == before(600)


def test_what_is_not_known_is_not_guessed() -> None:
    assert revision_since(None, (), ()) is None
    assert revision_since(revision(1, "aaa", None, is_current=True), (), ()) is None


def wrote(manager: str, at: datetime | None, *fields: str, subresource: str = "") -> ManagedFields:
    """An entry of managedFields, as the server sends it."""
    entry: dict[str, object] = {
        "manager": manager,
        "operation": "Update",
        "subresource": subresource,
        "time": at,
        "fieldsV1": {"f:spec": {f"f:{field}": {} for field in fields}},
    }
    return msgspec.convert(msgspec.to_builtins(entry), ManagedFields)


def with_managed(workload: Deployment, *managed: ManagedFields, generation: int = 2) -> Deployment:
    meta = msgspec.structs.replace(workload.metadata, managed_fields=managed, generation=generation)
    status = msgspec.structs.replace(workload.status, observed_generation=generation)
    return msgspec.structs.replace(workload, metadata=meta, status=status)


OLD = make.replica_set(revision=1, created=before(9000), replicas=0)
NEW = make.replica_set(pod_hash="bbb", revision=2, created=before(600))
RELEASE = wrote("helm", before(602), "template", "replicas")


def reused(number: int = 3) -> ReplicaSet:
    """The old ReplicaSet after an undo, as the controller renumbers it."""
    notes = {
        "deployment.kubernetes.io/revision": str(number),
        "deployment.kubernetes.io/revision-history": "1",
    }
    return msgspec.structs.replace(OLD, metadata=msgspec.structs.replace(OLD.metadata, annotations=notes))


def changed(
    workload: Deployment, owned: Sequence[ReplicaSet], *events: KubeObject, pods: Sequence[KubeObject] = ()
) -> tuple[datetime | None, str]:
    change = template_change(workload, revisions(workload, owned), pods, events)  # type: ignore[arg-type]
    return change.at, change.by


@pytest.mark.parametrize(
    "later",
    [
        [wrote("kubectl", before(20), "replicas", subresource="scale")],
        [wrote("helm", before(20), "template", "replicas")],  # the same manager sets another number of replicas
        [],
    ],
    ids=["scaled", "scaled by whoever released it", "nothing since"],
)
@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("reason", ["NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"])
def test_neither_a_scale_nor_a_pause_nor_the_deadline_moves_it(
    later: list[ManagedFields], paused: bool, reason: str
) -> None:
    plain = make.deployment(
        revision=2, paused=paused, conditions=[make.condition("Progressing", "True", reason, since=5)]
    )
    workload = with_managed(plain, *(later or [RELEASE]))
    status = diagnose_rollout(workload, revisions(workload, [NEW, OLD]), [], make.NOW)
    assert status.changed_at == before(600)


@pytest.mark.parametrize(
    ("managed", "by"),
    [
        ([RELEASE], "helm"),
        ([RELEASE, wrote("kubectl-set", before(9001), "template")], "helm"),
        ([wrote("helm", before(20), "template"), wrote("kubectl-set", before(601), "template")], "kubectl-set"),
        ([wrote("helm", before(20), "template")], "helm"),
        ([wrote("helm", before(20), "template"), wrote("argocd-controller", before(30), "template")], ""),
        ([wrote("helm", before(9000), "template")], ""),
        ([wrote("kubectl-scale", before(601), "replicas")], ""),
        ([wrote("kubectl", None, "template")], "kubectl"),
        ([], ""),
    ],
    ids=[
        "one",
        "the nearer",
        "not the newest",
        "wrote again",
        "two may be",
        "long before",
        "replicas",
        "no time",
        "none",
    ],
)
def test_who_changed_it_is_the_manager_whose_write_made_the_revision(managed: list[ManagedFields], by: str) -> None:
    assert changed(with_managed(make.deployment(revision=2), *managed), [NEW, OLD]) == (before(600), by)


def test_who_made_the_revision_a_few_seconds_before_is_not_named_for_this_one() -> None:
    earlier = make.replica_set(pod_hash="aaa", revision=1, created=before(603))
    writes = [wrote("kubectl-rollout", before(603), "template"), wrote("argocd-controller", before(595), "template")]
    workload = with_managed(make.deployment(revision=2), *writes)
    assert changed(workload, [NEW, earlier]) == (before(600), "argocd-controller")


UNDO = wrote("kubectl", before(100), "template")


@pytest.mark.parametrize(
    ("managed", "events", "pods", "at"),
    [
        ([UNDO, RELEASE], [], [], before(100)),
        ([UNDO, RELEASE], [98], [], before(100)),
        ([RELEASE], [98], [], before(98)),
        ([RELEASE], [], [90, 95], before(95)),
        ([wrote("helm", before(5), "template")], [], [95], before(95)),
        ([RELEASE], [9000], [8000], before(600)),
    ],
    ids=["who undid it", "and an event", "an event", "its first pod", "a pod before a later write", "nothing of it"],
)
def test_an_undo_changed_it_when_the_first_sign_of_it_came(
    managed: list[ManagedFields], events: list[float], pods: list[float], at: datetime
) -> None:
    workload = with_managed(make.deployment(revision=3), *managed, generation=3)
    scalings = [
        make.event(workload, "ScalingReplicaSet", f"Scaled up replica set {OLD.name} from 0 to 1", since=event)
        for event in events
    ]
    own = [make.pod(f"p-{pod}", owner=OLD, created=pod) for pod in pods]
    assert changed(workload, [reused(), NEW], *scalings, pods=own)[0] == at


def test_an_undo_is_one_also_where_the_release_it_left_has_been_cleaned_up() -> None:
    workload = with_managed(make.deployment(revision=3), UNDO, generation=3)
    assert changed(workload, [reused()]) == (before(100), "kubectl")
    assert changed(with_managed(make.deployment(revision=3), generation=3), [reused()]) == (None, "")


def test_a_template_whose_revision_is_not_made_yet_changed_when_it_was_written() -> None:
    held = with_managed(
        make.deployment(revision=2, image="x:9", paused=True), wrote("kubectl-set", before(7), "template")
    )
    assert changed(held, [NEW, OLD]) == (before(7), "kubectl-set")


def test_where_revisions_are_not_read_it_is_the_last_write_and_for_what_never_changed_its_creation() -> None:
    assert changed(with_managed(make.deployment(revision=2), RELEASE), []) == (before(602), "helm")
    assert changed(with_managed(make.deployment(revision=2)), []) == (None, "")
    assert changed(with_managed(make.deployment(revision=1), generation=1), []) == (
        make.deployment().metadata.creation_timestamp,
        "",
    )
