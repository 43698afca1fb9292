"""Trace findings to their roots: the problems of a cluster, each with what it explains.

Rules: an object in `caused_by` stands for what blocks it, else for its warnings; whatever else is found about the
object of an effect explains it. A root is what nothing explains. Of findings that explain each other in a circle one is
the root. Where something else blocks, a warning explains an effect without being as severe.
Invariants: every finding is in the problems that explain it, and in no others; the result does not depend on the order
of the findings; a problem is as severe as the worst that users feel of what it explains.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.finding_groups import FindingGroup, GroupKey, Owner, fold, variant_of
from k9py.diagnosis.problem import Effect, Problem

FELT_KINDS: Final = frozenset(
    {"Service", "Ingress", "HTTPRoute", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"}
)
"""Kinds whose own findings are felt by users, whether or not an effect states it."""

_ENTRANCES: Final = frozenset({"Service", "Ingress", "HTTPRoute"})


@dataclass(frozen=True, slots=True)
class Chains:
    """The problems, and where each object appears.

    Args:
        problems: worst first.
        findings_about: the findings about each object, in no order.
        problems_of: the problems that are about an object or explain it, worst first.
    """

    problems: tuple[Problem, ...] = ()
    findings_about: Mapping[ObjectRef, tuple[Finding, ...]] = field(default_factory=dict)
    problems_of: Mapping[ObjectRef, tuple[Problem, ...]] = field(default_factory=dict)


def trace(findings: Iterable[Finding], owners: Mapping[ObjectRef, Owner] | None = None) -> Chains:
    """Return the problems behind findings.

    Args:
        owners: of pods and ReplicaSets.
    """
    steps = trace_steps(findings, owners or {})
    while True:
        try:
            next(steps)
        except StopIteration as end:
            chains: Chains = end.value
            return chains


def trace_steps(findings: Iterable[Finding], owners: Mapping[ObjectRef, Owner]) -> Generator[None, None, Chains]:
    """Return the same, and yield after each part of the work, for the caller to pause."""
    groups = yield from fold(findings, owners)
    links = yield from _links(groups, owners)
    ranked: list[tuple[tuple[object, ...], Problem]] = []
    for root in links.roots():
        problem = links.problem(root)
        ranked.append((_rank(problem), problem))
        yield
    ranked.sort(key=lambda each: each[0])
    problems = list(_distinct([problem for _, problem in ranked]))
    about: dict[ObjectRef, tuple[Finding, ...]] = {}
    for group in groups.values():
        for member in group.members:
            about[member.about] = (*about.get(member.about, ()), member)
        yield
    explained: dict[ObjectRef, tuple[Problem, ...]] = {}
    for problem in problems:
        for ref in {problem.subject, *problem.objects, *_objects(problem.effects)}:
            explained[ref] = (*explained.get(ref, ()), problem)
        yield
    return Chains(tuple(problems), about, explained)


class _Links:
    """Which groups explain which.

    Args:
        causes: by the group that they explain; only groups that exist, never the group itself.
        weak: causes and what they explain without being as severe.
    """

    def __init__(
        self,
        groups: Mapping[GroupKey, FindingGroup],
        causes: Mapping[GroupKey, set[GroupKey]],
        weak: set[tuple[GroupKey, GroupKey]],
    ) -> None:
        self._groups = groups
        self._causes = causes
        self._weak = weak
        self._effects: dict[GroupKey, list[GroupKey]] = {}
        for key, explaining in causes.items():
            for cause in explaining:
                self._effects.setdefault(cause, []).append(key)
        for effects in self._effects.values():
            effects.sort(key=lambda key: groups[key].order)

    # -- roots --------------------------------------------------------------------------------------------------------

    def roots(self) -> Iterator[GroupKey]:
        """Yield the groups that nothing explains, and one of each circle that nothing outside explains."""
        reached: set[GroupKey] = set()
        for key, causes in self._causes.items():
            if not causes:
                reached.update(self._order_from(key, reached))
                yield key
        while len(reached) < len(self._groups):
            root = self._root_of_circle(reached)
            reached.update(self._order_from(root, reached))
            yield root

    def _root_of_circle(self, reached: set[GroupKey]) -> GroupKey:
        """Return the group that counts as the root of a circle."""
        last = next(key for key in self._groups if key not in reached)
        seen = set(reached)
        for key in self._groups:
            if key not in seen:
                seen.update(self._order_from(key, seen))
                last = key
        # Nothing that was not reached leads into the component of the last start but the component itself.
        circle = {last}
        waiting = [last]
        while waiting:
            for cause in self._causes[waiting.pop()]:
                if cause not in circle and cause not in reached:
                    circle.add(cause)
                    waiting.append(cause)
        return min(circle, key=lambda key: self._groups[key].order)

    def _order_from(self, root: GroupKey, skipped: set[GroupKey]) -> list[GroupKey]:
        """Return what a group explains over any number of steps, itself first, causes before effects where possible."""
        finished: list[GroupKey] = []
        seen = {root}
        path = [(root, iter(self._effects.get(root, ())))]
        while path:
            key, effects = path[-1]
            for effect in effects:
                if effect not in seen and effect not in skipped:
                    seen.add(effect)
                    path.append((effect, iter(self._effects.get(effect, ()))))
                    break
            else:
                path.pop()
                finished.append(key)
        finished.reverse()
        return finished

    # -- problems -----------------------------------------------------------------------------------------------------

    def problem(self, root: GroupKey) -> Problem:
        """Return a root with what it explains."""
        order = self._order_from(root, set())
        group = self._groups[root]
        explained = [self._groups[key] for key in order[1:]]
        objects = {ref for each in explained for ref in each.objects}
        return Problem(
            group.finding,
            _felt(group, [self._groups[key] for key in self._felt_through(root, order)]),
            group.subject,
            group.objects,
            self._tree(order),
            len(objects.difference(group.objects)),
            group.finding.since,
        )

    def _felt_through(self, root: GroupKey, order: list[GroupKey]) -> list[GroupKey]:
        """Return what is as severe because of a root: what it explains, but not through a weak link."""
        if not self._weak:
            return order[1:]
        felt = {root}
        waiting = [root]
        while waiting:
            cause = waiting.pop()
            for effect in self._effects.get(cause, ()):
                if effect not in felt and (cause, effect) not in self._weak:
                    felt.add(effect)
                    waiting.append(effect)
        return [key for key in order[1:] if key in felt]

    def _tree(self, order: list[GroupKey]) -> tuple[Effect, ...]:
        """Return each group below the last of those that explain it, so that a chain shows every step."""
        depth = {order[0]: 0}
        children: dict[GroupKey, list[GroupKey]] = {}
        for key in order[1:]:
            parent = max(
                (cause for cause in self._causes[key] if cause in depth), key=lambda cause: (depth[cause], cause)
            )
            depth[key] = depth[parent] + 1
            children.setdefault(parent, []).append(key)
        effects: dict[GroupKey, Effect] = {}
        for key in reversed(order):
            below = sorted(children.get(key, ()), key=lambda child: self._groups[child].order[1:])
            group = self._groups[key]
            effects[key] = Effect(group.finding, group.objects, tuple(effects[child] for child in below))
        return effects[order[0]].effects


def _links(groups: Mapping[GroupKey, FindingGroup], owners: Mapping[ObjectRef, Owner]) -> Generator[None, None, _Links]:
    by_object: dict[ObjectRef, list[FindingGroup]] = {}
    for group in groups.values():
        refs = dict.fromkeys(group.objects)
        if group.finding.about.kind != POD.name:
            # What is found about a ReplicaSet explains its Deployment.
            refs |= dict.fromkeys(owners[ref].ref for ref in group.objects if ref in owners)
        for ref in refs:
            by_object.setdefault(ref, []).append(group)
        yield
    causes: dict[GroupKey, set[GroupKey]] = {}
    weak: set[tuple[GroupKey, GroupKey]] = set()
    for group in groups.values():
        named, found = _causes_of(group, by_object)
        causes[group.key] = named | found.keys()
        blocking = [each for each in found.values() if _blocks(each)]
        if blocking and len(blocking) < len(found):
            weak |= {(key, group.key) for key, each in found.items() if not _blocks(each) and key not in named}
        yield
    return _Links(groups, causes, weak)


def _causes_of(
    group: FindingGroup, by_object: Mapping[ObjectRef, list[FindingGroup]]
) -> tuple[set[GroupKey], dict[GroupKey, FindingGroup]]:
    """Return what explains a group: what it names, and what is found about the objects that it names."""
    named = {cause for cause in group.caused_by if not isinstance(cause, ObjectRef)}
    found: dict[GroupKey, FindingGroup] = {}
    for ref in group.caused_by:
        if isinstance(ref, ObjectRef) and (not group.is_effect or ref not in group.objects):
            standing = _standing(each for each in by_object.get(ref, ()) if each.key != group.key)
            effects = [each for each in standing if each.is_effect]
            found |= {each.key: each for each in effects or standing}
    if group.is_effect:
        own = [each for ref in group.objects for each in by_object.get(ref, ()) if not each.is_effect]
        # A warning about the object itself is no cause where something blocks it.
        has_blocking = any(map(_blocks, found.values()))
        found |= {each.key: each for each in _standing(own) if _blocks(each) or not has_blocking}
    return named, found


_STORAGE: Final = frozenset({"PersistentVolumeClaim", "PersistentVolume"})
"""Kinds whose objects nobody misses as long as no pod waits for them."""


def _blocks(group: FindingGroup) -> bool:
    return group.finding.severity <= Severity.STUCK


def _standing(groups: Iterable[FindingGroup]) -> list[FindingGroup]:
    """Return the groups that block, else the warnings; what is only worth knowing explains nothing."""
    listed = [group for group in groups if group.finding.severity <= Severity.WARNING]
    return [group for group in listed if _blocks(group)] or listed


def _felt(root: FindingGroup, explained: list[FindingGroup]) -> Severity:
    """Return what users feel of a root: the worst of its effects, else of what it explains, else its own."""
    is_felt = root.is_effect or (root.subject.kind in FELT_KINDS and root.finding.about == root.subject)
    # What cannot be judged makes nothing that is known milder.
    explained = [group for group in explained if group.severity is not Severity.UNKNOWN]
    effects = [group for group in explained if group.is_effect]
    if is_felt and not any(root.subject in group.objects for group in effects):
        effects.append(root)
    own = max(root.severity, Severity.WARNING) if root.subject.kind in _STORAGE else root.severity
    felt = min((group.severity for group in effects or explained), default=own)
    # Pods of a moving workload may still become ready, but not while something else is certain to keep them from it.
    return root.severity if felt is Severity.INFO and root.finding.about.kind != POD.name else felt


def _distinct(problems: Sequence[Problem]) -> Iterator[Problem]:
    """Yield problems with different ids: those that share one differ by their message."""
    count = Counter(problem.id for problem in problems)
    for problem in problems:
        yield problem if count[problem.id] == 1 else replace(problem, variant=variant_of(problem.root))


def _rank(problem: Problem) -> tuple[object, ...]:
    """Sort the worst first, then what explains most Services and Ingresses, the latest, by kind and name.

    How many objects it explains is left out: it changes with every pod, and rows would move under the cursor.
    """
    entrances = sum(ref.kind in _ENTRANCES for ref in set(_objects(problem.effects)))
    since = -problem.since.timestamp() if problem.since is not None else 0.0
    root = problem.root
    subject = problem.subject
    name = (
        subject.kind,
        subject.namespace,
        subject,
        root.check,
        root.container,
        root.reason,
        root.message,
        root.is_effect,
        problem.objects,
    )
    return (problem.severity, -entrances, since, name)


def _objects(effects: Iterable[Effect]) -> Iterator[ObjectRef]:
    waiting = list(effects)
    while waiting:
        effect = waiting.pop()
        yield from effect.objects
        waiting += effect.effects
