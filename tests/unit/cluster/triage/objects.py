"""Objects that the factories do not have."""

from __future__ import annotations

import msgspec

from k9py.api.batch import CronJob
from k9py.api.kinds import CRON_JOB, NODE
from k9py.api.nodes import Node


def node(name: str) -> Node:
    return NODE.decode(msgspec.json.encode({"metadata": {"name": name, "uid": f"node-{name}"}}))


def cordoned(name: str) -> Node:
    return NODE.decode(
        msgspec.json.encode({"metadata": {"name": name, "uid": f"node-{name}"}, "spec": {"unschedulable": True}})
    )


def cron_job(name: str, namespace: str) -> CronJob:
    metadata = {"name": name, "namespace": namespace, "uid": f"cron-{name}"}
    return CRON_JOB.decode(msgspec.json.encode({"metadata": metadata, "spec": {}}))
