"""What limits and moves the number of pods: HorizontalPodAutoscaler and PodDisruptionBudget."""

from __future__ import annotations

from collections.abc import Iterator

from k9py.resources.describe.describer import DescribeContext, Describer, Description
from k9py.resources.describe.json_fields import JsonObject, int_at, object_at, objects_at, text_at
from k9py.resources.describe.lines import moment, selector_text, value_line
from k9py.views.describe import DescribeLine, Section, line, section
from k9py.views.values import Tone

_UNKNOWN = "unknown"


# -- HorizontalPodAutoscaler ------------------------------------------------------------------------------------------


def _autoscaler(body: JsonObject, context: DescribeContext) -> Description:
    spec, status = object_at(body, "spec"), object_at(body, "status")
    target = object_at(spec, "scaleTargetRef")
    current, desired = int_at(status, "currentReplicas"), int_at(status, "desiredReplicas")
    most = int_at(spec, "maxReplicas")
    is_at_limit = bool(most) and desired >= most
    head = (
        line("reference", f"{text_at(target, 'kind')}/{text_at(target, 'name')}"),
        line(
            f"{text_at(target, 'kind')} pods",
            f"{current} current / {desired} desired{', at the maximum' if is_at_limit else ''}",
            Tone.WARN if is_at_limit else Tone.PLAIN,
        ),
        line("min replicas", str(int_at(spec, "minReplicas", default=1))),
        line("max replicas", str(most)),
        line("last scale time", moment(status.get("lastScaleTime"), context.now)),
    )
    return Description(
        head, urgent=(section("Metrics (current / target)", _metric_lines(body)),), details=_behavior(spec)
    )


def _metric_lines(body: JsonObject) -> Iterator[DescribeLine]:
    status = objects_at(body, "status", "currentMetrics")
    if "metrics" not in object_at(body, "spec"):  # autoscaling/v1
        percent = text_at(body, "spec", "targetCPUUtilizationPercentage")
        current = text_at(body, "status", "currentCPUUtilizationPercentage")
        if percent:
            yield _metric_line("resource cpu on pods", f"{current}%" if current else "", f"{percent}%")
        return
    for metric in objects_at(body, "spec", "metrics"):
        field = _field_of(text_at(metric, "type"))
        wanted = object_at(metric, field)
        now = next((object_at(m, field) for m in status if _identity(object_at(m, field)) == _identity(wanted)), {})
        target = object_at(wanted, "target")
        yield _metric_line(
            _metric_name(field, wanted), _current_text(object_at(now, "current"), target), _target_text(target)
        )


def _metric_line(name: str, current: str, target: str) -> DescribeLine:
    return line(name, f"{current or _UNKNOWN} / {target}", Tone.PLAIN if current else Tone.UNKNOWN)


def _field_of(type_: str) -> str:
    return type_[:1].lower() + type_[1:]


def _identity(metric: JsonObject) -> tuple[str, str, str]:
    name = text_at(metric, "name") or text_at(metric, "metric", "name")
    return name, text_at(metric, "container"), text_at(metric, "describedObject", "name")


def _metric_name(field: str, metric: JsonObject) -> str:
    name = text_at(metric, "name") or text_at(metric, "metric", "name")
    percent = " (% of request)" if "averageUtilization" in object_at(metric, "target") else ""
    match field:
        case "resource":
            return f"resource {name} on pods{percent}"
        case "containerResource":
            return f"resource {name} of container {text_at(metric, 'container')}{percent}"
        case "pods":
            return f"{name} on pods"
        case "object":
            described = object_at(metric, "describedObject")
            return f"{name} on {text_at(described, 'kind')}/{text_at(described, 'name')}"
    selector = selector_text(object_at(metric, "metric").get("selector"))
    return f"{name}{f' of {selector}' if selector else ''} (external)"


def _target_text(target: JsonObject) -> str:
    percent = text_at(target, "averageUtilization")
    return f"{percent}%" if percent else text_at(target, "averageValue") or text_at(target, "value")


def _current_text(current: JsonObject, target: JsonObject) -> str:
    percent, average = text_at(current, "averageUtilization"), text_at(current, "averageValue")
    if "averageUtilization" in target:
        return f"{percent}% ({average})" if percent else ""
    return average or text_at(current, "value")


def _behavior(spec: JsonObject) -> tuple[Section, ...]:
    sections = []
    for field, word in (("scaleUp", "Scale up"), ("scaleDown", "Scale down")):
        rules = object_at(spec, "behavior", field)
        window = text_at(rules, "stabilizationWindowSeconds")
        policies = (
            line(
                f"policy {text_at(policy, 'type')}",
                f"value {text_at(policy, 'value')}, period {text_at(policy, 'periodSeconds')} seconds",
            )
            for policy in objects_at(rules, "policies")
        )
        sections.append(
            section(
                word,
                [
                    line("stabilization window", f"{window} seconds" if window else ""),
                    value_line("select policy", rules, "selectPolicy"),
                    value_line("tolerance", rules, "tolerance"),
                    *policies,
                ],
            )
        )
    return tuple(sections)


# -- PodDisruptionBudget ----------------------------------------------------------------------------------------------


def _budget(body: JsonObject, context: DescribeContext) -> Description:
    spec, status = object_at(body, "spec"), object_at(body, "status")
    allowed, healthy = int_at(status, "disruptionsAllowed"), int_at(status, "currentHealthy")
    desired = int_at(status, "desiredHealthy")
    head = (
        line("allowed disruptions", str(allowed), Tone.PLAIN if allowed else Tone.WARN),
        line("current", f"{healthy} healthy", Tone.WARN if healthy < desired else Tone.PLAIN),
        line("desired", f"{desired} healthy"),
        line("total", f"{int_at(status, 'expectedPods')} pods"),
        value_line("min available", spec, "minAvailable"),
        value_line("max unavailable", spec, "maxUnavailable"),
        line("selector", selector_text(spec.get("selector")) or "every pod of the namespace"),
        value_line("unhealthy pod eviction", spec, "unhealthyPodEvictionPolicy"),
    )
    evicted = object_at(status, "disruptedPods")
    pods = (line(name, f"evicted {moment(at, context.now)}") for name, at in evicted.items())
    return Description(head, urgent=(section("Disrupted pods", pods),))


DESCRIBERS = (Describer("HorizontalPodAutoscaler", _autoscaler), Describer("PodDisruptionBudget", _budget))
