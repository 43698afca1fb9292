"""The standard kinds whose pods commands and port-forwards reach. Imports nothing: `kdash --help` reads it."""

from __future__ import annotations

from typing import Final

FORWARDED_KINDS: Final = (
    "Pod",
    "Service",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
)
"""Kinds that can be forwarded to; an object of a custom kind can when it has a selector of pods."""
KINDS_WITH_PODS: Final = (*FORWARDED_KINDS, "CronJob")
"""Kinds in whose pods a command can be run."""
