"""Recorded clusters with faults, and healthy ones in motion: what is there, and what is true about it.

One file of `faults/<family>/` or `healthy/` is one case. Its `origin` is `recorded` (as kube-apiserver answered) or
`composed` (recorded objects with statuses or events of what was not there, worded as its `source` words them).
Invariant: what a case expects was written from what was done to the cluster, not from what kdash says about it. To add
one: a file, whose `expect` lists each root (see `Expectation`); a healthy cluster expects nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Final

from k9py.api.meta import ObjectRef

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Pattern:
    """Objects by kind and name, `Pod/web-*`; the namespace is that of the case."""

    kind: str
    name: str

    def matches(self, ref: ObjectRef) -> bool:
        """Return whether an object is meant."""
        return ref.kind == self.kind and fnmatchcase(ref.name, self.name)

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class ExpectedSuspect:
    """A change that must be among the suspects of a problem.

    Args:
        manager: the field manager that made it; "" where the cluster does not keep it: a scaling to 0 is an omitted
            field, so that nobody owns it.
    """

    about: Pattern
    manager: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is true about one root.

    Args:
        roots: objects that may be named as the root: the one at fault first, then those that name it as truthfully. A
            pod or ReplicaSet counts as the workload that owns it.
        facts: each must be in the text of the problem, in lower case; `a|b`: one of them.
        log_facts: the same, where the logs were read.
        severities: of the problem; more than one where it depends on the moment.
        explains: each must be among what the problem explains.
    """

    roots: tuple[Pattern, ...]
    facts: tuple[str, ...]
    log_facts: tuple[str, ...]
    severities: frozenset[str]
    explains: tuple[Pattern, ...]
    suspect: ExpectedSuspect | None


@dataclass(frozen=True, slots=True)
class Case:
    """One cluster.

    Args:
        name: `pods/oom-limit`, `healthy/canary`.
        at: when it was recorded.
        objects: JSON of every object.
        logs: lines by `namespace/pod/container`, with `/previous` for the run that ended last; with timestamps.
        expected: the roots; none for a healthy cluster.
    """

    name: str
    about: str
    at: datetime
    objects: Sequence[dict[str, Any]]
    logs: Mapping[str, Sequence[str]]
    expected: tuple[Expectation, ...]

    @property
    def family(self) -> str:
        """The first part of the name."""
        return self.name.partition("/")[0]

    def owner(self, ref: ObjectRef) -> ObjectRef:
        """Return the object that controls another one, over any number of steps, or the object itself."""
        for each in self.objects:
            metadata = each["metadata"]
            if (each["kind"], metadata.get("namespace", ""), metadata["name"]) == ref[:3]:
                for owner in metadata.get("ownerReferences", ()):
                    if owner.get("controller"):
                        return self.owner(ObjectRef(owner["kind"], ref.namespace, owner["name"]))
        return ref


@cache
def cases(kind: str) -> tuple[Case, ...]:
    """Return the cases of `faults` or `healthy`, by name."""
    folder = FOLDER / kind
    found = []
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(FOLDER if kind == "healthy" else folder).with_suffix("").as_posix()
        found.append(_decode(name, json.loads(path.read_text(encoding="utf-8"))))
    return tuple(found)


def _decode(name: str, body: Mapping[str, Any]) -> Case:
    return Case(
        name,
        body["about"],
        datetime.fromisoformat(body["recorded_at"]),
        body["objects"],
        body["logs"],
        tuple(_expectation(each) for each in body["expect"]),
    )


def _expectation(body: Mapping[str, Any]) -> Expectation:
    suspect = body.get("suspect")
    return Expectation(
        (_pattern(body["root"]), *map(_pattern, body.get("accept", ()))),
        tuple(body["facts"]),
        tuple(body.get("log_facts", ())),
        frozenset(body["severity"].split("|")),
        tuple(map(_pattern, body["explains"])),
        ExpectedSuspect(_pattern(suspect["object"]), suspect["manager"]) if suspect else None,
    )


def _pattern(text: str) -> Pattern:
    kind, _, name = text.partition("/")
    return Pattern(kind, name)
