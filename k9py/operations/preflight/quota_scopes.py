"""Which pods a ResourceQuota counts, by its scopes.

Source: kubernetes/pkg/quota/v1/evaluator/core/pods.go, `podMatchesScopeFunc`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k9py.api.policy import ResourceQuota, ScopeRequirement


def is_counted(quota: ResourceQuota, template: Mapping[str, Any]) -> bool | None:
    """Tell whether a quota counts the pods of a template; None when a scope of it is not understood."""
    spec = template.get("spec") or {}
    selector = quota.spec.scope_selector
    wanted = [
        *(ScopeRequirement(scope_name=one, operator="Exists") for one in quota.spec.scopes or ()),
        *((selector.match_expressions if selector is not None else None) or ()),
    ]
    answers = [_matches(one, spec) for one in wanted]
    if any(answer is False for answer in answers):
        return False
    return None if None in answers else True


def _matches(scope: ScopeRequirement, spec: Mapping[str, Any]) -> bool | None:
    match scope.scope_name:
        case "Terminating":
            return spec.get("activeDeadlineSeconds") is not None
        case "NotTerminating":
            return spec.get("activeDeadlineSeconds") is None
        case "BestEffort":
            return _best_effort(spec)
        case "NotBestEffort":
            return not _best_effort(spec)
        case "PriorityClass":
            return _priority(scope, str(spec.get("priorityClassName") or ""))
    return None


def _best_effort(spec: Mapping[str, Any]) -> bool:
    containers = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    resources = [spec.get("resources"), *(one.get("resources") for one in containers)]
    return not any((one or {}).get("requests") or (one or {}).get("limits") for one in resources)


def _priority(scope: ScopeRequirement, name: str) -> bool | None:
    match scope.operator:
        case "Exists":
            return bool(name)
        case "DoesNotExist":
            return not name
        case "In":
            return name in (scope.values or ())
        case "NotIn":
            return name not in (scope.values or ())
    return None
