"""Comparing resourceVersions: which of two states of an object is the newer.

The API promises that resourceVersions of one resource type are decimal numbers that grow (KEP-5504), and every etcd
behind Kubernetes has always kept that. A server that uses anything else is taken at its word, in the order it speaks.
"""

from __future__ import annotations

from k9py.objects.meta import KubeObject


def number(resource_version: str) -> int | None:
    """Return a resourceVersion as a number, None when it is not one."""
    return int(resource_version) if resource_version.isdecimal() else None


def is_older(one: KubeObject, other: KubeObject) -> bool:
    """Tell whether `one` is certainly an older state than `other`."""
    mine, theirs = number(one.metadata.resource_version), number(other.metadata.resource_version)
    return mine is not None and theirs is not None and mine < theirs


def is_same(one: KubeObject, other: KubeObject) -> bool:
    """Tell whether both are the same state of the same object."""
    a, b = one.metadata, other.metadata
    return a.resource_version == b.resource_version and a.uid == b.uid
