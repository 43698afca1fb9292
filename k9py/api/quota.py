"""ResourceQuotas (core/v1): what the pods and objects of a namespace may take together."""

from __future__ import annotations

from typing import ClassVar

from k9py.api.meta import KubeObject, KubeStruct

Amounts = dict[str, str | int | float]
"""Quantities by entry, such as `requests.cpu`, `limits.memory`, `pods` or `count/replicasets.apps`."""


class ScopeRequirement(KubeStruct, frozen=True):
    """One entry of a scope selector; operator is In, NotIn, Exists or DoesNotExist."""

    scope_name: str = ""
    operator: str = ""
    values: tuple[str, ...] | None = None


class ScopeSelector(KubeStruct, frozen=True):
    """Which pods a quota counts, besides `scopes`; all must hold."""

    match_expressions: tuple[ScopeRequirement, ...] | None = None


class QuotaSpec(KubeStruct, frozen=True):
    """core/v1 ResourceQuotaSpec; without scopes it counts every pod."""

    hard: Amounts | None = None
    scopes: tuple[str, ...] | None = None
    scope_selector: ScopeSelector | None = None


class QuotaStatus(KubeStruct, frozen=True):
    """core/v1 ResourceQuotaStatus; an entry that is not `used` has not been counted yet."""

    hard: Amounts | None = None
    used: Amounts | None = None


class ResourceQuota(KubeObject, frozen=True):
    """A quota: pods and objects beyond it are refused when they are created."""

    KIND: ClassVar[str] = "ResourceQuota"

    spec: QuotaSpec = QuotaSpec()
    status: QuotaStatus = QuotaStatus()
