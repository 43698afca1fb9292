"""Where a pod may run: node selector, affinity, tolerations, topology spread, priority."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from k9py.resources.describe.json_fields import JsonObject, object_at, objects_at, text_at, texts_at
from k9py.resources.describe.lines import requirement_text, selector_text, value_line
from k9py.views.describe import DescribeLine, Section, line, pairs, section


def scheduling(pod: JsonObject, *, depth: int = 0) -> Section:
    """Return the section of a pod or pod template that says where its pods may run."""
    spec = object_at(pod, "spec")
    return section(
        "Scheduling",
        [
            value_line("QoS class", pod, "status", "qosClass"),
            line("node selectors", pairs(object_at(spec, "nodeSelector"))),
            *_many("tolerations", map(toleration_text, objects_at(spec, "tolerations"))),
            *_many("topology spread", map(_spread_text, objects_at(spec, "topologySpreadConstraints"))),
            *_many("affinity", _affinity_texts(object_at(spec, "affinity"))),
            value_line("priority class name", spec, "priorityClassName"),
            value_line("priority", spec, "priority"),
            value_line("preemption", spec, "preemptionPolicy"),
            line("scheduling gates", ", ".join(text_at(gate, "name") for gate in objects_at(spec, "schedulingGates"))),
            value_line("runtime class name", spec, "runtimeClassName"),
            line("overhead", pairs(object_at(spec, "overhead"))),
            value_line("scheduler", spec, "schedulerName"),
        ],
        depth=depth,
    )


def _many(label: str, texts: Iterable[str]) -> Iterator[DescribeLine]:
    for index, text in enumerate(texts):
        yield line("" if index else label, text)


def toleration_text(toleration: JsonObject) -> str:
    """Return a toleration as kubectl writes it: `dedicated=db:NoSchedule`, `key:NoExecute op=Exists for 300s`."""
    key, value = text_at(toleration, "key"), text_at(toleration, "value")
    effect, seconds = text_at(toleration, "effect"), text_at(toleration, "tolerationSeconds")
    text = f"{key}{f'={value}' if value else ''}{f':{effect}' if effect else ''}"
    if text_at(toleration, "operator") == "Exists":
        text = f"{text} op=Exists".strip() if key else ":".join(filter(None, ("", effect))) + " op=Exists"
    return f"{text.strip()}{f' for {seconds}s' if seconds else ''}"


def taint_text(taint: JsonObject) -> str:
    """Return a taint: `key=value:Effect`."""
    value = text_at(taint, "value")
    return f"{text_at(taint, 'key')}{f'={value}' if value else ''}:{text_at(taint, 'effect')}"


def _spread_text(constraint: JsonObject) -> str:
    selector = selector_text(constraint.get("labelSelector"))
    text = f"{text_at(constraint, 'topologyKey')}:{text_at(constraint, 'whenUnsatisfiable')}"
    skew = f" when max skew {text_at(constraint, 'maxSkew')} is exceeded"
    return f"{text}{skew}{f' for selector {selector}' if selector else ''}"


def _affinity_texts(affinity: JsonObject) -> Iterator[str]:
    for term in objects_at(
        affinity, "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"
    ):
        yield f"required node: {node_term_text(term)}"
    for term in objects_at(affinity, "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"):
        yield f"preferred node (weight {text_at(term, 'weight')}): {node_term_text(object_at(term, 'preference'))}"
    for field, word in (("podAffinity", "near pods"), ("podAntiAffinity", "away from pods")):
        for term in objects_at(affinity, field, "requiredDuringSchedulingIgnoredDuringExecution"):
            yield f"required {word}: {_pod_term_text(term)}"
        for term in objects_at(affinity, field, "preferredDuringSchedulingIgnoredDuringExecution"):
            weight, pods = text_at(term, "weight"), _pod_term_text(object_at(term, "podAffinityTerm"))
            yield f"preferred {word} (weight {weight}): {pods}"


def node_term_text(term: JsonObject) -> str:
    """Return a NodeSelectorTerm."""
    requirements = (*objects_at(term, "matchExpressions"), *objects_at(term, "matchFields"))
    return " and ".join(map(requirement_text, requirements))


def _pod_term_text(term: JsonObject) -> str:
    namespaces = texts_at(term, "namespaces") or selector_text(term.get("namespaceSelector"))
    where = f" in namespaces {namespaces}" if namespaces else ""
    return f"{selector_text(term.get('labelSelector')) or 'any'} by {text_at(term, 'topologyKey')}{where}"
