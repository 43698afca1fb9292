"""Namespaces and what limits them: ResourceQuota and LimitRange."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from k9py.api.standard_types import standard_type
from k9py.resources.describe.describer import DescribeContext, Describer, Description, RelatedRequest, Unread
from k9py.resources.describe.json_fields import JsonObject, list_at, object_at, objects_at, scalar_text, text_at
from k9py.resources.describe.lines import quantity, requirement_text, unknown_line
from k9py.views.describe import DescribeLine, Section, line, section
from k9py.views.values import Tone

_QUOTAS: Final = "resource quotas"
_LIMITS: Final = "limit ranges"
_FULL_PERCENT: Final = 90
"""Percent of a quota from which it is worth a warning."""
_LIMIT_FIELDS: Final = (
    ("min", "min"),
    ("max", "max"),
    ("default request", "defaultRequest"),
    ("default limit", "default"),
    ("max limit/request ratio", "maxLimitRequestRatio"),
)
_SCOPES: Final = {
    "Terminating": "pods with an active deadline",
    "NotTerminating": "pods without an active deadline",
    "BestEffort": "pods without requests and limits",
    "NotBestEffort": "pods with a request or limit",
    "CrossNamespacePodAffinity": "pods with affinity to pods of other namespaces",
    "VolumeAttributesClass": "claims of a volume attributes class",
}


def quota_lines(body: JsonObject) -> Iterator[DescribeLine]:
    """Yield a line for each resource of a quota: used / hard, a full one as a failure."""
    hard = object_at(body, "status", "hard") or object_at(body, "spec", "hard")
    used = object_at(body, "status", "used")
    for name in sorted(hard):
        limit, amount = quantity(hard[name]), quantity(used.get(name))
        if name not in used:
            yield line(name, f"used unknown, hard {scalar_text(hard[name])}", Tone.UNKNOWN)
            continue
        percent = int(amount * 100 / limit) if limit else 100
        tone = Tone.FAIL if amount >= limit else Tone.WARN if percent >= _FULL_PERCENT else Tone.PLAIN
        yield line(name, f"used {scalar_text(used[name])}, hard {scalar_text(hard[name])} ({percent}%)", tone)


def _scope_line(body: JsonObject) -> DescribeLine:
    spec = object_at(body, "spec")
    scopes = [scalar_text(scope) for scope in list_at(spec, "scopes")]
    texts = [f"{scope} ({_SCOPES[scope]})" if scope in _SCOPES else scope for scope in scopes]
    texts += [
        requirement_text({**expression, "key": text_at(expression, "scopeName")})
        for expression in objects_at(spec, "scopeSelector", "matchExpressions")
    ]
    return line("scopes", ", ".join(texts))


def limit_lines(body: JsonObject) -> Iterator[DescribeLine]:
    """Yield a line for each type and resource that a LimitRange limits."""
    for limit in objects_at(body, "spec", "limits"):
        names = dict.fromkeys(name for _, field in _LIMIT_FIELDS for name in object_at(limit, field))
        for name in names:
            values = (
                f"{label} {text_at(limit, field, name)}"
                for label, field in _LIMIT_FIELDS
                if text_at(limit, field, name)
            )
            yield line(f"{text_at(limit, 'type')} {name}", ", ".join(values))


def _quota(body: JsonObject, context: DescribeContext) -> Description:
    return Description((_scope_line(body),), urgent=(section("Quota", quota_lines(body)),))


def _limit_range(body: JsonObject, context: DescribeContext) -> Description:
    return Description(urgent=(section("Limits", limit_lines(body)),))


def _namespace_requests(body: JsonObject) -> tuple[RelatedRequest, ...]:
    name = text_at(body, "metadata", "name")
    return (
        RelatedRequest(_QUOTAS, standard_type("", "ResourceQuota"), name),
        RelatedRequest(_LIMITS, standard_type("", "LimitRange"), name),
    )


def _namespace(body: JsonObject, context: DescribeContext) -> Description:
    phase = text_at(body, "status", "phase") or "unknown"
    tone = {"Active": Tone.OK, "Terminating": Tone.BUSY}.get(phase, Tone.UNKNOWN)
    return Description((line("status", phase, tone),), urgent=tuple(_namespace_sections(context)))


def _namespace_sections(context: DescribeContext) -> Iterator[Section]:
    quotas = context.objects(_QUOTAS)
    if isinstance(quotas, Unread):
        yield section("Resource quotas", [unknown_line("", quotas)])
    elif not quotas:
        yield section("Resource quotas", [line("", "none", Tone.MUTED)])
    else:
        for quota in quotas:
            yield section(
                f"Resource quota {text_at(quota, 'metadata', 'name')}", [_scope_line(quota), *quota_lines(quota)]
            )
    limits = context.objects(_LIMITS)
    if isinstance(limits, Unread):
        yield section("Resource limits", [unknown_line("", limits)])
    elif not limits:
        yield section("Resource limits", [line("", "none", Tone.MUTED)])
    else:
        for limit in limits:
            yield section(f"Resource limits of {text_at(limit, 'metadata', 'name')}", limit_lines(limit))


DESCRIBERS = (
    Describer("ResourceQuota", _quota),
    Describer("LimitRange", _limit_range),
    Describer("Namespace", _namespace, _namespace_requests),
)
