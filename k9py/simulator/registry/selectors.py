"""Label and field selectors: text to predicate, with the real parser's complaints.

Invariant: a selector that parses matches exactly as apimachinery's does (a missing label satisfies `!=` and `notin`).
To let a kind be selected by another field, add it to `_FIELDS`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.registry.resources import EVENTS, EVENTS_V1, NAMESPACES, PODS, REPLICASETS, SECRETS, Resource

Predicate = Callable[[dict[str, Any]], bool]
_Requirement = Callable[[Mapping[str, str]], bool]

_TOKEN = re.compile(r"\s*(==|!=|=|!|,|\(|\)|<|>|[^\s=!,()<>]+|$)")


def label_selector(text: str) -> Predicate | None:
    """Return the predicate of a `labelSelector`, None if it is empty.

    Raises:
        StatusError: 400 with the parser's message.
    """
    if not text.strip():
        return None
    requirements = _Parser(text).requirements()

    def matches(obj: dict[str, Any]) -> bool:
        labels = obj["metadata"].get("labels") or {}
        return all(requirement(labels) for requirement in requirements)

    return matches


def matches_label_selector(selector: Mapping[str, Any] | None, labels: Mapping[str, str] | None) -> bool:
    """Return whether a `metav1.LabelSelector` selects these labels; None selects nothing, an empty one everything."""
    if selector is None:
        return False
    labels = labels or {}
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression_holds(expression, labels) for expression in selector.get("matchExpressions") or ())


def selector_text(selector: Mapping[str, Any] | None) -> str:
    """Return a `metav1.LabelSelector` in query syntax, sorted by key."""
    if selector is None:
        return ""
    parts = {key: f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()}
    for expression in selector.get("matchExpressions") or ():
        key, values = expression["key"], ",".join(sorted(expression.get("values") or ()))
        expressions = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        parts[key] = expressions[expression["operator"]]
    return ",".join(parts[key] for key in sorted(parts))


def _expression_holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False


class _Parser:
    """Parses `a=b,c!=d,e in (f,g),!h` token by token."""

    def __init__(self, text: str) -> None:
        self._tokens = [requirements.group(1) for requirements in _TOKEN.finditer(text)]
        self._at = 0

    def requirements(self) -> list[_Requirement]:
        requirements = [self._requirement()]
        while (token := self._next()) == ",":
            requirements.append(self._requirement())
        if token:
            raise status_errors.bad_request(f"found '{token}', expected: ',' or 'end of string'")
        return requirements

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _requirement(self) -> _Requirement:
        key = self._next()
        if key == "!":
            absent = self._identifier("identifier")
            return lambda labels: absent not in labels
        if not _is_identifier(key):
            raise status_errors.bad_request(f"found '{key}', expected: !, identifier, or 'end of string'")
        match self._peek():
            case "" | ",":
                return lambda labels: key in labels
            case "=" | "==":
                self._next()
                wanted = self._value()
                return lambda labels: labels.get(key) == wanted
            case "!=":
                self._next()
                unwanted = self._value()
                return lambda labels: labels.get(key) != unwanted
            case "in":
                self._next()
                among = self._values()
                return lambda labels: key in labels and labels[key] in among
            case "notin":
                self._next()
                outside = self._values()
                return lambda labels: labels.get(key) not in outside
            case other:
                expected = "in, notin, =, ==, !=, gt, lt, ',', or 'end of string'"
                raise status_errors.bad_request(f"found '{other}', expected: {expected}")

    def _identifier(self, expected: str) -> str:
        token = self._next()
        if not _is_identifier(token):
            raise status_errors.bad_request(f"found '{token}', expected: {expected}")
        return token

    def _value(self) -> str:
        if self._peek() in ("", ","):
            return ""
        return self._identifier("identifier")

    def _values(self) -> frozenset[str]:
        if (token := self._next()) != "(":
            raise status_errors.bad_request(f"found '{token}', expected: '('")
        values: set[str] = set()
        while True:
            token = self._next()
            if token == ")":
                return frozenset(values)
            if token == ",":
                continue
            if not _is_identifier(token):
                raise status_errors.bad_request(f"found '{token}', expected: ',', ')' or identifier")
            values.add(token)


def _is_identifier(token: str) -> bool:
    return bool(token) and token not in ("=", "==", "!=", "!", ",", "(", ")", "<", ">")


_EVENT_FIELDS = (
    "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
    "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
    "reportingComponent", "type",
)  # fmt: skip

# Selectable fields besides metadata.name and metadata.namespace, per kind.
_FIELDS: Mapping[Resource, tuple[str, ...]] = {
    PODS: (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.nominatedNodeName",
    ),
    EVENTS: (*_EVENT_FIELDS, "source"),
    EVENTS_V1: _EVENT_FIELDS,
    NAMESPACES: ("status.phase", "name"),
    REPLICASETS: ("status.replicas",),
    SECRETS: ("type",),
}  # fmt: skip


def field_selector(text: str, resource: Resource) -> Predicate | None:
    """Return the predicate of a `fieldSelector`, None if it is empty.

    Raises:
        StatusError: 400 for a field that is not selectable for this kind.
    """
    wanted: list[tuple[str, str, bool]] = []
    for term in text.split(","):
        if not term.strip():
            continue
        match = re.fullmatch(r"([^=!]+)(==|!=|=)(.*)", term.strip())
        if match is None:
            raise status_errors.bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
        path, operator, value = match.groups()
        if path not in ("metadata.name", "metadata.namespace", *_FIELDS.get(resource, ())):
            raise status_errors.bad_request(f"field label not supported: {path}")
        wanted.append((path, value, operator != "!="))
    if not wanted:
        return None

    def matches(obj: dict[str, Any]) -> bool:
        return all((_field(obj, path) == value) is equal for path, value, equal in wanted)

    return matches


def _field(obj: dict[str, Any], path: str) -> str:
    if path == "source":
        return (obj.get("source") or {}).get("component") or obj.get("reportingComponent") or ""
    if path == "name":
        path = "metadata.name"
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if path == "spec.hostNetwork" and value is None:
        return "false"
    return "" if value is None else str(value)


def both(first: Predicate | None, second: Predicate | None) -> Predicate | None:
    """Return the conjunction of two predicates; None if both are None."""
    if first is None or second is None:
        return first or second
    return lambda obj: first(obj) and second(obj)
