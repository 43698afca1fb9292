"""Pod (core/v1): ready, status and restarts as kubectl prints them, usage, node, IP, QoS, gates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from k9py.api.kinds import POD
from k9py.api.meta import find_condition
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.api.times import human_duration
from k9py.diagnosis.nodes import is_on_lost_node
from k9py.resources.cells import (
    AGE,
    AGE_CELL,
    NAME,
    NONE,
    live_column,
    muted_cell,
    name_cell,
    numbered,
    object_row,
    share_cell,
    shared_cell,
    usage_column,
)
from k9py.resources.pod_resources import pod_usage_cells
from k9py.resources.resource import MetricsOf, OpensAs, Resource, RowContext
from k9py.resources.usage_trend import pod_trend_cells, trend_columns
from k9py.views.pod_status import PrintedPodStatus, pod_status, pod_tone
from k9py.views.values import Cell, Column, Row, Tone

SLOW: Final = timedelta(minutes=5)
"""How long a pod may wait, start or terminate before that is a warning."""


class Restarts(NamedTuple):
    """The sort value of RESTARTS; `last` is the timestamp of the last one, 0 if it is not known."""

    number: int
    last: float


NO_RESTARTS: Final = Cell("0", Tone.MUTED, Restarts(0, 0.0))


def _restarts_text(restarts: Restarts, now: datetime) -> str:
    if not restarts.number or not restarts.last:
        return str(restarts.number)
    return f"{restarts.number} ({human_duration(now.timestamp() - restarts.last)} ago)"


COLUMNS = numbered(
    NAME,
    Column("ready", "READY", align_right=True, min_width=5, max_width=6, sort_key="R"),
    Column("status", "STATUS", min_width=10, max_width=30, sort_key="H"),
    live_column(
        _restarts_text,
        "restarts",
        "RESTARTS",
        align_right=True,
        min_width=3,
        max_width=17,
        priority=1,
        sort_key="U",
        descending_first=True,
    ),
    usage_column("cpu", "CPU", max_width=8, priority=3, sort_key="C", measured=True),
    usage_column("cpu_request", "%CPU/R", max_width=6, priority=8, wide=True, sort_key="X", measured=True),
    usage_column("cpu_limit", "%CPU/L", max_width=6, priority=6, sort_key="Y", measured=True),
    usage_column("memory", "MEM", max_width=8, priority=3, sort_key="M", measured=True),
    usage_column("memory_request", "%MEM/R", max_width=6, priority=8, wide=True, sort_key="E", measured=True),
    usage_column("memory_limit", "%MEM/L", max_width=6, priority=5, sort_key="L", measured=True),
    *trend_columns(),
    AGE,
    Column("ip", "IP", min_width=7, max_width=39, priority=7, sort_key="I"),
    Column("node", "NODE", min_width=6, max_width=40, priority=4, sort_key="W"),
    Column("qos", "QOS", min_width=6, max_width=10, priority=8, wide=True, sort_key="Q"),
    Column("nominated", "NOMINATED NODE", min_width=6, max_width=30, priority=9, wide=True),
    Column("gates", "READINESS GATES", align_right=True, min_width=4, max_width=15, priority=9, wide=True),
)


def row(pod: Pod, context: RowContext) -> Row:
    """Return the row of a pod."""
    status = pod_status(pod)
    tone = _tone(pod, status, context.now)
    usage = pod_usage_cells(pod, context.usage(pod.key))
    trends = pod_trend_cells(pod, context.history(pod.key), (usage[2].tone, usage[5].tone))
    return object_row(
        pod,
        (
            name_cell(pod),
            share_cell(status.ready, status.containers, Tone.PLAIN if tone is Tone.MUTED else tone),
            shared_cell(status.text, tone),
            _restarts(status, context.now),
            *usage,
            *trends,
            AGE_CELL,
            Cell(printable(pod.status.pod_ip) or NONE, Tone.MUTED),
            muted_cell(pod.spec.node_name),
            muted_cell(pod.status.qos_class, none=""),
            muted_cell(pod.status.nominated_node_name),
            _gates(pod),
        ),
        tone,
    )


def _restarts(status: PrintedPodStatus, now: datetime) -> Cell:
    if not status.restarts:
        return NO_RESTARTS
    restarts = Restarts(status.restarts, status.restarted_at.timestamp() if status.restarted_at else 0.0)
    return Cell(_restarts_text(restarts, now), Tone.WARN, restarts)


def _tone(pod: Pod, status: PrintedPodStatus, now: datetime) -> Tone:
    """Return the tone.

    What should be short (starting, becoming ready, terminating) warns after a while; a pod that fits on no node, or was
    ready and is no longer, warns at once; one whose node is lost fails, whatever the kubelet last said.
    """
    tone = pod_tone(pod, status)
    if tone in (Tone.OK, Tone.BUSY) and is_on_lost_node(pod):
        return Tone.FAIL
    if tone is Tone.MUTED and pod.status.phase == "Running":  # its containers ended, and will be started again
        return Tone.WARN
    if tone is not Tone.BUSY:
        return tone
    return Tone.WARN if _is_unschedulable(pod) or _is_slow(pod, now) or _has_lost_readiness(pod) else tone


def _is_unschedulable(pod: Pod) -> bool:
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    return scheduled is not None and scheduled.reason == "Unschedulable" and not pod.is_terminating


def _is_slow(pod: Pod, now: datetime) -> bool:
    deleted = pod.metadata.deletion_timestamp
    if deleted is not None:  # the end of the grace period
        return now - deleted > timedelta(seconds=30)
    started = pod.metadata.creation_timestamp
    for container in pod.status.container_statuses or ():
        if container.state is not None and container.state.running is not None:
            started = container.state.running.started_at or started
    return started is not None and now - started > SLOW


def _has_lost_readiness(pod: Pod) -> bool:
    """Return whether containers were ready since they started: the condition changed later than that."""
    condition = find_condition(pod.status.conditions, "ContainersReady")
    if condition is None or condition.status != "False" or condition.last_transition_time is None:
        return False
    starts = [
        status.state.running.started_at
        for status in pod.status.container_statuses or ()
        if status.state is not None and status.state.running is not None and status.state.running.started_at
    ]
    statuses = len(pod.status.container_statuses or ())
    return 0 < statuses == len(starts) and condition.last_transition_time - max(starts) > timedelta(seconds=2)


def _gates(pod: Pod) -> Cell:
    gates = pod.spec.readiness_gates
    if not gates:
        return shared_cell(NONE, Tone.MUTED)
    conditions = (find_condition(pod.status.conditions, gate.condition_type) for gate in gates)
    true = sum(condition is not None and condition.status == "True" for condition in conditions)
    return Cell(f"{true}/{len(gates)}", Tone.WARN if true < len(gates) else Tone.PLAIN, true / len(gates))


RESOURCES = (Resource(POD, COLUMNS, row, opens_as=OpensAs.CONTAINERS, metrics=MetricsOf.PODS),)
