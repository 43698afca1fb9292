"""A rollout that cannot pull its image, and what is known of it, for the tests of answers."""

from __future__ import annotations

from msgspec.structs import replace

from k9py.api.causes import CauseKind
from k9py.api.severity import Severity
from k9py.cluster.views import RolloutView, ServiceMode, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.rollouts.revisions import Revision
from k9py.rollouts.semantic_diff import Family, SemanticChange
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.rollouts.undo_target import undo_target
from k9py.views.answer import RolloutFacts, compared_revision
from k9py.views.values import StyledLine
from tests.factories import before, key

KEYS = {
    "undo": "u",
    "zero": "Z",
    "scale": "s",
    "pause": "P",
    "set_image": "i",
    "logs": "l",
    "previous_logs": "p",
    "describe": "d",
    "select": "Enter",
}
REASON = "image checkout:2.8.0 cannot be pulled (not found)"
STATUS = RolloutStatus(
    key=key("Deployment", "checkout"),
    uid="u",
    state=RolloutState.STALLED,
    summary=f"stuck: {REASON}",
    cause_message=REASON,
    cause_kind=CauseKind.IMAGE,
    note="still served by 3 old pods",
    desired=3,
    ready=3,
    updated=1,
    available=3,
    revision=6,
    images=("registry.example.com/shop/checkout:2.8.0",),
    changed_at=before(660),
    paused=False,
    changed_by="kubectl-set",
)
VIEW = RolloutView(
    key=STATUS.key, uid="u", status=STATUS, findings=(), created_at=before(86400), generation=6, has_synced_pods=True
)
HEALTHY = replace(
    VIEW,
    status=replace(STATUS, state=RolloutState.COMPLETE, summary="healthy", cause_message="", cause_kind=None, note=""),
)
CRASHED = replace(
    HEALTHY,
    status=replace(HEALTHY.status, state=RolloutState.PROGRESSING, summary="rolling out 2/3", ready=2),
    findings=(
        Finding(
            Severity.DEGRADED,
            "CrashLoopBackOff",
            "container app is crash-looping (exit 1)",
            key("Pod", "x"),
            before(240),
            CauseKind.CRASH,
        ),
    ),
)
SERVICE = ServiceView(
    key=key("Service", "checkout"),
    uid="u",
    mode=ServiceMode.SELECTOR,
    type="ClusterIP",
    ports=(),
    ready=3,
    total=3,
    workloads=(STATUS.key,),
    findings=(),
    external_name="",
    created_at=before(3600),
)


def revision(
    number: int, tag: str = "2.8.0", *, is_current: bool = False, ready: int = 0, change_cause: str = ""
) -> Revision:
    return Revision(
        number=number,
        name=f"checkout-{number}",
        uid=f"uid-{number}",
        kind="ReplicaSet",
        namespace="shop",
        images=(f"registry.example.com/shop/checkout:{tag}",),
        change_cause=change_cause,
        created_at=before(660),
        replicas=3,
        ready=ready,
        is_current=is_current,
        pod_template_hash=f"hash{number}",
    )


REVISIONS = (
    revision(6, is_current=True, change_cause="release 2.8"),
    revision(5, "2.7.1", ready=3, change_cause="release 2.7"),
    revision(4, "2.7.0"),
)


def change(
    family: Family, what: str, old: str | None, new: str | None, subject: str = "container app"
) -> SemanticChange:
    return SemanticChange(family, subject, what, old, new)


IMAGE = change("image", "image", "registry.example.com/shop/checkout:2.7.1", "registry.example.com/shop/checkout:2.8.0")


def facts(
    revisions: tuple[Revision, ...] = REVISIONS,
    changes: tuple[SemanticChange, ...] | None = (IMAGE,),
    *,
    is_problem: bool = True,
    **others: object,
) -> RolloutFacts:
    target = undo_target(revisions)
    base = compared_revision(revisions, target, is_problem=is_problem)
    return RolloutFacts(revisions, target, base, changes, **others)  # type: ignore[arg-type]


def text(line: StyledLine) -> str:
    return "".join(piece for piece, _ in line)


def steps(lines: tuple[StyledLine, ...]) -> list[str]:
    return [text(line) for line in lines]
