"""Label selectors: how they match and print (metav1.LabelSelector, and the plain maps of Services).

A null LabelSelector matches nothing, an empty one everything; an empty Service selector selects nothing.
Source: apimachinery/pkg/apis/meta/v1/helpers.go, `LabelSelectorAsSelector`.
"""

from __future__ import annotations

from collections.abc import Mapping

from k9py.api.meta import KubeStruct


class Requirement(KubeStruct, frozen=True):
    """metav1.LabelSelectorRequirement; `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] | None = None

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value is not None and value in (self.values or ())
            case "NotIn":
                return value is None or value not in (self.values or ())
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        return False

    def __str__(self) -> str:
        match self.operator:
            case "In":
                return f"{self.key} in ({','.join(sorted(self.values or ()))})"
            case "NotIn":
                return f"{self.key} notin ({','.join(sorted(self.values or ()))})"
            case "Exists":
                return self.key
            case _:
                return f"!{self.key}"


class LabelSelector(KubeStruct, frozen=True):
    """metav1.LabelSelector: all of `match_labels` and all of `match_expressions` must match."""

    match_labels: dict[str, str] | None = None
    match_expressions: tuple[Requirement, ...] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it names no label: what that means depends on the type it belongs to."""
        return not self.match_labels and not self.match_expressions

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        labels = labels or {}
        return all(labels.get(key) == value for key, value in (self.match_labels or {}).items()) and all(
            requirement.matches(labels) for requirement in self.match_expressions or ()
        )

    def __str__(self) -> str:
        """Return the selector as `labelSelector` query text, and as kubectl prints it: sorted by key."""
        parts = [(key, f"{key}={value}") for key, value in (self.match_labels or {}).items()]
        parts += [(requirement.key, str(requirement)) for requirement in self.match_expressions or ()]
        return ",".join(text for _, text in sorted(parts, key=lambda part: part[0]))


def selector_text(selector: Mapping[str, str] | None) -> str:
    """Return a Service's selector as kubectl prints it: `app=cart,tier=web`."""
    return ",".join(f"{key}={value}" for key, value in sorted((selector or {}).items()))


def label_mismatch(selector: Mapping[str, str] | None, labels: Mapping[str, str] | None) -> str:
    """Return how labels differ from a selector: `labelled app=cart, without tier`; "" when they match."""
    actual, wanted = labels or {}, selector or {}
    different = ",".join(f"{key}={actual[key]}" for key in sorted(wanted.keys() & actual) if actual[key] != wanted[key])
    missing = ",".join(sorted(wanted.keys() - actual))
    return ", ".join(filter(None, (different and f"labelled {different}", missing and f"without {missing}")))


def selects(selector: Mapping[str, str] | None, labels: Mapping[str, str] | None) -> bool:
    """Return whether a Service's selector selects these labels; an empty selector selects nothing."""
    if not selector or not labels:
        return False
    return selector.items() <= labels.items()
