"""Find what somebody probably meant: the labels closest to a selector, the name closest to a missing one.

Pure. Invariant: a near miss is a hint about something that is proven to be wrong already; it never is the proof.
To recognize another kind of typo: a case in `_pair_distance`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.near_names import edit_distance
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.text import printable

_MAX_CANDIDATES: Final = 2000
"""Objects that are compared: a namespace may have thousands of pods, most of them alike."""
_MAX_NAMES: Final = 4
_FAR: Final = 1.0
_TAKEN: Final = 0.3
"""What is added to the distance of labels that another selector selects: hardly anybody meant them."""
_NAMESAKE: Final = 0.5
"""What a workload is closer when it has the name of the object with the selector."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Something that a selector could select.

    Args:
        ref: a pod, or a workload whose template has the labels.
        pods: how many pods have them; 0: only the template has.
    """

    ref: ObjectRef
    labels: Mapping[str, str]
    pods: int = 1


@dataclass(frozen=True, slots=True)
class NearMiss:
    """The labels closest to a selector.

    Args:
        differences: in the words of kubectl: `app=web2`, `no label tier`.
        objects: which have them: workloads, or pods without one.
        pods: how many pods have them; 0: only templates have.
    """

    differences: tuple[str, ...]
    objects: tuple[ObjectRef, ...]
    pods: int

    def __str__(self) -> str:
        """Return it as a clause: `3 pods of Deployment web have app=web2`."""
        workloads = [_named(ref) for ref in self.objects if ref.kind != Pod.KIND]
        of_what = f" of {workloads[0]}" if len(workloads) == 1 else ""
        if self.pods:
            who = count_noun(self.pods, "pod") + of_what
            verb = "has" if self.pods == 1 else "have"
        elif of_what:
            who, verb = f"the pod template{of_what}", "has"
        else:
            who, verb = f"the pod templates of {', '.join(workloads[:_MAX_NAMES])}", "have"
        return f"{who} {verb} {', '.join(self.differences)}"


def nearest_labels(
    selector: Mapping[str, str],
    candidates: Iterable[Labelled],
    *,
    name: str = "",
    is_taken: Callable[[Mapping[str, str]], bool] = lambda _labels: False,
) -> NearMiss | None:
    """Return the labels closest to a selector, None when none is close.

    Args:
        candidates: none of which it selects.
        name: of the object with the selector: a workload of that name is close, however its labels differ.
        is_taken: returns whether another selector selects these labels.
    """
    groups: dict[tuple[str, ...], list[Labelled]] = {}
    ranks: dict[tuple[str, ...], tuple[float, int, str]] = {}
    compared: dict[frozenset[tuple[str, str]], tuple[float, tuple[str, ...]]] = {}
    for number, candidate in enumerate(candidates):
        if number >= _MAX_CANDIDATES:
            break
        labels = frozenset(candidate.labels.items())
        if labels not in compared:  # pods of one kind have the same labels
            distance, differences = _compare(selector, candidate.labels)
            if differences and distance < _FAR:
                distance += _TAKEN * is_taken(candidate.labels)
            compared[labels] = (distance, differences)
        distance, differences = compared[labels]
        if not differences:
            continue
        if name == candidate.ref.name and candidate.ref.kind != Pod.KIND:
            distance = min(distance, _FAR) - _NAMESAKE
        if distance >= _FAR:
            continue
        groups.setdefault(differences, []).append(candidate)
        rank = (distance, len(differences), differences[0])
        ranks[differences] = min(rank, ranks.get(differences, rank))
    if not ranks:
        return None
    nearest = min(ranks, key=lambda differences: ranks[differences])
    matches = groups[nearest]
    return NearMiss(nearest, tuple(sorted(each.ref for each in matches)), sum(each.pods for each in matches))


def nearest_name(name: str, names: Iterable[str]) -> str:
    """Return the name closest to one that does not exist, "" when none is close."""
    ranked = sorted((distance, each) for each in set(names) - {name} if (distance := name_distance(name, each)) < _FAR)
    return ranked[0][1] if ranked else ""


def name_distance(wanted: str, actual: str) -> float:
    """Return how far a name is from another one: 0.0 the same, below 1.0 close, 1.0 unrelated."""
    if wanted == actual:
        return 0.0
    left, right = wanted.lower(), actual.lower()
    if left == right or _letters(left) == _letters(right):
        return 0.1
    longest = max(len(left), len(right))
    edits = edit_distance(left, right, longest // 3 + 1)
    # One edit of a short name, or every third character of a longer one: `web` and `web2`, not `web` and `job`.
    if edits <= max(1, (longest - 1) // 3) and longest > 2:
        return 0.2 + 0.5 * edits / longest
    parts, others = _parts(left), _parts(right)
    if parts and others and (parts <= others or others <= parts):
        return 0.7
    if min(len(left), len(right)) >= 3 and (left.startswith(right) or right.startswith(left)):
        return 0.75
    return _FAR


def _compare(selector: Mapping[str, str], labels: Mapping[str, str]) -> tuple[float, tuple[str, ...]]:
    """Return how far labels are from a selector, and how they differ; () when they do not."""
    total, differences, same = 0.0, [], 0
    for key, value in sorted(selector.items()):
        actual = labels.get(key)
        if actual == value:
            same += 1
            continue
        distance, difference = _pair_distance(key, value, labels)
        total += distance
        differences.append(difference)
    if not differences:
        return 0.0, ()
    if same:
        # The other labels are as selected: that alone makes it close, whatever the rest has instead.
        return min(0.99, total / len(selector)), tuple(differences)
    return total / len(selector), tuple(differences)


def _pair_distance(key: str, value: str, labels: Mapping[str, str]) -> tuple[float, str]:
    """Return how far labels are from one pair of a selector, and what they have instead."""
    actual = labels.get(key)
    if actual is not None:
        return name_distance(value, actual), printable(f"{key}={actual}")
    other = min(
        ((_key_distance(key, each), name_distance(value, text), each) for each, text in labels.items()),
        default=(_FAR, _FAR, ""),
    )
    if other[0] < _FAR and other[1] < _FAR:
        return (other[0] + other[1]) / 2, printable(f"{other[2]}={labels[other[2]]}")
    same_value = next((each for each, text in sorted(labels.items()) if text == value), "")
    if same_value:
        return 0.75, printable(f"{same_value}={value}")
    return _FAR, f"no label {printable(key)}"


def _key_distance(wanted: str, actual: str) -> float:
    """Return how far a label key is from another one: `app` is close to `App`, `aap`, `example.com/app`."""
    if wanted.rpartition("/")[2] == actual.rpartition("/")[2]:
        return 0.3
    return name_distance(wanted, actual)


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _parts(text: str) -> frozenset[str]:
    return frozenset(part for part in text.replace(".", "-").replace("_", "-").split("-") if part)


def _named(ref: ObjectRef) -> str:
    return printable(f"{ref.kind} {ref.name}")
