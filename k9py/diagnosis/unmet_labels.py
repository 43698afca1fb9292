"""Say which label of nodes a pod requires and no node has, and which labels come near. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from k9py.api.plural import pluralize
from k9py.api.scheduling import NodeRequirement
from k9py.api.text import printable

_MAX_VALUES: Final = 3


def unmet_label_text(requirement: NodeRequirement, nodes: Sequence[Mapping[str, str]]) -> str:
    """Return what no node has, and the labels that come near."""
    key = requirement.key
    if requirement.operator in ("NotIn", "DoesNotExist"):
        return f"every node has {printable(key)}, and it requires {printable(str(requirement))}"
    text = f"no node has label {printable(str(requirement))}"
    values = Counter(labels[key] for labels in nodes if key in labels)
    if values:
        return f"{text}; {_have(key, values)}"
    prefix, _, name = key.rpartition("/")
    names = {each.rpartition("/")[2]: each for labels in nodes for each in labels if each.rpartition("/")[0] == prefix}
    keys = [names[each] for each in get_close_matches(name, sorted(names), n=1, cutoff=0.75)]
    if not keys:
        return text
    return f"{text}; {_have(keys[0], Counter(labels[keys[0]] for labels in nodes if keys[0] in labels))}"


def _have(key: str, values: Counter[str]) -> str:
    shown = [
        f"{count} {pluralize(count, 'has', 'have')} {printable(key)}={printable(value)}"
        for value, count in sorted(values.items(), key=lambda each: (-each[1], each[0]))[:_MAX_VALUES]
    ]
    return ", ".join(shown) + (", …" if len(values) > _MAX_VALUES else "")
