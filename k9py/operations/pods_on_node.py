"""The pods of a Node as a drain sees them: which are evicted, which stay, what is lost, and how they are named.

Source of the rules: k8s.io/kubectl/pkg/drain/filters.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from k9py.api.plural import count_noun, pluralize
from k9py.api.text import printable
from k9py.operations.delete_pod import is_mirror_pod
from k9py.operations.preconditions import ref_of

NAMED: Final = 3
"""Pods that a warning or a progress line names."""
_LISTED: Final = 20
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PodsOnNode:
    """The pods of a Node, by what happens to them; those of `bare` and `with_data` are evicted too.

    Those of `terminating` are on their way already: a drain waits until they are gone.
    """

    evicted: tuple[Raw, ...]
    of_daemon_sets: tuple[Raw, ...]
    mirrors: tuple[Raw, ...]
    bare: tuple[Raw, ...]
    with_data: tuple[Raw, ...]
    terminating: tuple[Raw, ...] = ()


def sort_pods(pods: Sequence[Raw]) -> PodsOnNode:
    """Sort the pods of a Node."""
    evicted: list[Raw] = []
    terminating: list[Raw] = []
    daemons: list[Raw] = []
    mirrors: list[Raw] = []
    for pod in pods:
        if is_mirror_pod(pod):
            mirrors.append(pod)
        elif any(owner.get("kind") == "DaemonSet" for owner in controllers_of(pod)) and not has_ended(pod):
            daemons.append(pod)
        elif is_terminating(pod):
            terminating.append(pod)
        else:
            evicted.append(pod)
    running = [pod for pod in evicted if not has_ended(pod)]
    return PodsOnNode(
        tuple(evicted),
        tuple(daemons),
        tuple(mirrors),
        tuple(pod for pod in running if not controllers_of(pod)),
        tuple(
            pod
            for pod in running
            if any("emptyDir" in volume for volume in (pod.get("spec") or {}).get("volumes") or ())
        ),
        tuple(terminating),
    )


def is_terminating(pod: Raw) -> bool:
    return bool((pod.get("metadata") or {}).get("deletionTimestamp"))


def controllers_of(pod: Raw) -> list[Raw]:
    return [owner for owner in (pod.get("metadata") or {}).get("ownerReferences") or () if owner.get("controller")]


def has_ended(pod: Raw) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def listed_text(pods: Sequence[Raw]) -> str:
    """Return the number of pods and the names of the first ones."""
    count, names = count_noun(len(pods), "pod"), [name_of_pod(pod) for pod in pods[:_LISTED]]
    more = len(pods) - len(names)
    return f"{count}: {', '.join(names)}{f' and {more} more' if more else ''}" if names else count


def names_text(pods: Sequence[Raw]) -> str:
    names = [name_of_pod(pod) for pod in pods[:NAMED]]
    more = len(pods) - len(names)
    return f"{pluralize(len(pods), 'pod')} {', '.join(names)}{f' and {more} more' if more > 0 else ''}"


def name_of_pod(pod: Raw) -> str:
    ref = ref_of(as_pod(pod))
    return printable(f"{ref.namespace}/{ref.name}")


def as_pod(item: Raw) -> dict[str, Any]:
    """Return an item of a list with its kind, which lists leave out."""
    return {"apiVersion": "v1", "kind": "Pod", **item}
