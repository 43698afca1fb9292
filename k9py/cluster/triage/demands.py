"""What checks read and the home screen does not: leases that begin when a check asks, and end when no check asks.

Invariants: what the stores of the home screen hold is never leased twice. At most `MAX_LEASES` leases of single objects
and namespaces exist. A demand that cannot be met is `Unread` with a reason; whoever asked runs again when that changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from k9py.api.kinds import Kind
from k9py.api.meta import ObjectRef
from k9py.cluster.change_tracer import MAX_TRACED
from k9py.cluster.graph import Demand
from k9py.cluster.health import KindHealth
from k9py.cluster.lease import LeaseRequest, WatchLease
from k9py.cluster.reads import ReadGraph, Token
from k9py.cluster.scope import Scope
from k9py.cluster.stores import MergedStore, tokens_of
from k9py.cluster.triage.felt_changes import is_unchanged
from k9py.cluster.triage.unread_reasons import NOT_SERVED, unread_reason
from k9py.diagnosis.graph import Unread
from k9py.diagnosis.problem import UnreadKind
from k9py.informer.store import ChangeBatch

MAX_LEASES: Final = 200
"""Leases that checks have asked for. Each is a watch, and a server allows only so many requests at a time."""

_TOO_MANY: Final = Unread(f"too many objects to read: more than {MAX_LEASES}")
_LOADING: Final = Unread()
_ROOM: Final = ("demand", "room")
"""The token of a demand that found no room."""

_MAX_KINDS: Final = 500
_MAX_NAMESPACES: Final = 3
"""Namespaces of a kind that are read one by one; of more the whole scope is read."""


_KindKey = tuple[type, type, str]
_LeaseKey = tuple[_KindKey, str | None, str, str]


class LeaseTaker(Protocol):
    """The part of `Leases` that is needed."""

    def lease(self, request: LeaseRequest[Any], store: MergedStore[Any] | None = None) -> WatchLease[Any]: ...


@dataclass(slots=True)
class _Leased:
    """A lease and how it is answered; what refused it stays the answer until it has been read."""

    demand: Demand
    lease: WatchLease[Any]
    answer: MergedStore[Any] | Unread = _LOADING


class DemandLeases:
    """The objects that checks ask for.

    Args:
        leases: takes leases.
        reads: where reads are recorded, and marked when they would give something else now.
        home: the stores that are filled anyway, by kind.
        has_synced: returns whether the objects of a kind (by name) of these have been read.
        home_health: returns the health of such a kind, None: unknown.
        on_objects: called with the objects of a subject that have changed.
        mark: called with what has changed.

    Attributes:
        loading_answers: how often something was asked for that is not there yet.
    """

    def __init__(
        self,
        leases: LeaseTaker,
        reads: ReadGraph,
        home: Mapping[Kind[Any], MergedStore[Any]],
        has_synced: Callable[[str], bool],
        home_health: Callable[[str], KindHealth | None],
        scope: Callable[[], Scope],
        *,
        on_objects: Callable[[Iterable[ObjectRef]], None],
        mark: Callable[[Iterable[Token]], None],
    ) -> None:
        self.loading_answers = 0
        self._is_optional = False
        self._is_crowded = False
        self._leases = leases
        self._reads = reads
        self._home = {_kind_key(kind): (kind, store) for kind, store in home.items()}
        self._has_synced = has_synced
        self._home_health = home_health
        self._scope = scope
        self._on_objects = on_objects
        self._mark = mark
        self._subjects: dict[_KindKey, _Leased] = {}
        self._asked: dict[_LeaseKey, _Leased] = {}
        self._first: dict[tuple[_KindKey, str | None], _Leased] = {}
        """Of a kind in a namespace the lease that was asked for first, until it has been read: what is refused once is
        not asked for again and again."""
        self._left_out: set[str] = set()
        self._home_answers: dict[_KindKey, Unread | None] = {}

    # -- subjects -----------------------------------------------------------------------------------------------------

    def lease_subjects(self, kinds: Iterable[Kind[Any]]) -> None:
        """Watch all objects of these kinds in the scope."""
        for kind in kinds:
            key = _kind_key(kind)
            if key not in self._home and key not in self._subjects:
                self._subjects[key] = self._take(Demand(kind, None), is_subject=True)

    def subjects(self, kind: Kind[Any]) -> MergedStore[Any] | Unread:
        """Return all objects of a kind of subjects."""
        key = _kind_key(kind)
        if key in self._home:
            unread = self._home_unread(key)
            return self._home[key][1] if unread is None else unread
        leased = self._subjects.get(key)
        return _LOADING if leased is None else leased.answer

    # -- demands ------------------------------------------------------------------------------------------------------

    def store(self, demand: Demand) -> MergedStore[Any] | Unread:
        """Return a store that holds everything that is demanded, Unread while there is none."""
        answer = self._answer(demand)
        if isinstance(answer, Unread) and not answer.reason:
            self.loading_answers += 1
        return answer

    @contextmanager
    def for_suspects(self) -> Iterator[None]:
        """Leave half of the leases free while entered; what finds no room is asked for again, and not listed."""
        self._is_optional = True
        try:
            yield
        finally:
            self._is_optional = False

    def _answer(self, demand: Demand) -> MergedStore[Any] | Unread:
        key = _kind_key(demand.kind)
        in_scope = not demand.namespace or not demand.kind.namespaced or self.covers(demand.namespace)
        if key in self._home and in_scope and not demand.about:
            unread = self._home_unread(key)
            if unread is None:
                return self._home[key][1]
            self._reads.record(("home", key))
            return unread
        leased = self._find(key, demand, in_scope=in_scope)
        if leased is None:
            if len(self._asked) >= (MAX_LEASES // 2 if self._is_optional else MAX_LEASES):
                return self._refuse(demand)
            leased = self._take_asked(key, demand, in_scope=in_scope)
        self._reads.record(_token(leased.demand))
        return leased.answer

    def _refuse(self, demand: Demand) -> Unread:
        self._reads.record(_ROOM)
        self._is_crowded = True
        if self._is_optional:
            self.loading_answers += 1
        else:
            self._left_out.add(demand.kind.name)
        return _TOO_MANY

    def _take_asked(self, key: _KindKey, demand: Demand, *, in_scope: bool) -> _Leased:
        """Take a lease for a demand; of many namespaces of a kind one for the whole scope."""
        if in_scope and demand.namespace and not demand.name and not demand.about:
            listed = sum(other[0] == key and not other[2] and not other[3] for other in self._asked)
            if listed >= _MAX_NAMESPACES and (key, None, "", "") not in self._asked:
                demand = Demand(demand.kind, None)
        leased = self._asked[_lease_key(demand)] = self._take(demand)
        if not demand.about and leased.answer is _LOADING:
            self._first[key, demand.namespace] = leased
        return leased

    def covers(self, namespace: str) -> bool:
        """Return whether a namespace is watched; "": whether the whole cluster is."""
        scope = self._scope()
        return scope.is_cluster or namespace in scope.namespaces

    def _find(self, key: _KindKey, demand: Demand, *, in_scope: bool) -> _Leased | None:
        """Return a lease that holds what is demanded, that reads it, or that shows that it is refused."""
        held = [self._asked.get(_lease_key(demand))]
        if not demand.about:
            if in_scope:
                held += (self._subjects.get(key), self._asked.get((key, None, "", "")))
            held.append(self._asked.get((key, demand.namespace, "", "")) if demand.name else None)
        leases = [leased for leased in held if leased is not None]
        for is_fit in (_is_read, _is_loading):
            for leased in leases:
                if is_fit(leased):
                    return leased
        # A namespace may be readable although the whole scope is not.
        refused = [leased for leased in leases if leased.demand.namespace is not None or leased is held[0]]
        subjects = self._subjects.get(key) if in_scope else None
        if refused or subjects is not None:
            return refused[0] if refused else subjects
        return None if demand.about else self._first.get((key, demand.namespace))

    def _home_unread(self, key: _KindKey) -> Unread | None:
        """Return why objects of a kind of the home screen are not read, None: they are."""
        kind = self._home[key][0]
        if self._has_synced(kind.name):
            return None
        health = self._home_health(kind.name)
        before = self._home_answers.get(key) or _LOADING
        return _LOADING if health is None or health.has_synced else unread_reason(health, before)

    # -- leases -------------------------------------------------------------------------------------------------------

    def _take(self, demand: Demand, *, is_subject: bool = False) -> _Leased:
        kind = demand.kind
        selectors = []
        if demand.name:
            selectors.append(f"metadata.name={demand.name}")
        if demand.about:
            selectors.append(demand.about)
        namespaces = None if demand.namespace is None else ((demand.namespace,) if demand.namespace else ())
        taken: list[_Leased] = []
        request: LeaseRequest[Any] = LeaseRequest(
            kind,
            namespaces,
            field_selectors=(",".join(selectors),),
            on_batch=lambda batch: self._on_batch(taken[0], batch, is_subject=is_subject) if taken else None,
            on_health=lambda became_current: (
                self._on_health(taken[0], became_current=became_current, is_subject=is_subject) if taken else None
            ),
        )
        leased = _Leased(demand, self._leases.lease(request, MergedStore(kind.name, self._reads)))
        taken.append(leased)
        self._update(leased)
        return leased

    def _on_batch(self, leased: _Leased, batch: ChangeBatch[Any], *, is_subject: bool) -> None:
        changes = tuple(change for change in batch.changes if not is_unchanged(change))
        if not changes:
            return
        if is_subject:
            self._on_objects(change.key for change in changes)
        if len(changes) > MAX_TRACED:
            self._mark((_token(leased.demand),))
            return
        name = leased.demand.kind.name
        states = (state for change in changes for state in (change.old, change.new) if state is not None)
        self._mark({token for state in states for token in tokens_of(name, state, {})})

    def _on_health(self, leased: _Leased, *, became_current: bool, is_subject: bool) -> None:
        before = leased.answer
        self._update(leased)
        if leased.answer is not before or became_current:
            if is_subject:
                self._on_objects(tuple(leased.lease.store.keys()))
            self._mark((_token(leased.demand),))

    def _update(self, leased: _Leased) -> None:
        if leased.lease.has_synced:
            leased.answer = leased.lease.store
        else:
            before = leased.answer if isinstance(leased.answer, Unread) else _LOADING
            answer = unread_reason(leased.lease.health, before)
            if answer != leased.answer:
                leased.answer = answer
        if isinstance(leased.answer, MergedStore):
            self._allow_others(leased)

    def on_home_health(self) -> None:
        """Mark what was read of the stores of the home screen where they are read, or refused, now."""
        for key in self._home:
            before = self._home_answers.get(key, _LOADING)
            answer = self._home_unread(key)
            if answer != before:
                self._home_answers[key] = answer
                self._mark((("home", key),))

    def sweep(self) -> None:
        """End the leases that no check refers to."""
        unused = [key for key, leased in self._asked.items() if not self._reads.is_read(_token(leased.demand))]
        for key in unused:
            self._end(self._asked.pop(key))
        if unused and self._is_crowded:
            self._is_crowded = False
            self._left_out.clear()
            self._mark((_ROOM,))

    def close(self) -> None:
        """End all leases."""
        self._end_asked()
        for leased in self._subjects.values():
            self._end(leased)
        self._subjects.clear()

    def on_scope(self) -> None:
        """Read everything again: the scope is another one, and the leases of subjects follow it."""
        self._end_asked()
        for leased in self._subjects.values():
            leased.answer = _LOADING
            self._update(leased)

    def _end_asked(self) -> None:
        for leased in self._asked.values():
            self._end(leased)
        for known in (self._asked, self._first, self._left_out, self._home_answers):
            known.clear()

    def _end(self, leased: _Leased) -> None:
        leased.lease.close()
        self._allow_others(leased)

    def _allow_others(self, leased: _Leased) -> None:
        """Take leases of other objects of the kind too, which have waited for the answer to the first."""
        place = (_kind_key(leased.demand.kind), leased.demand.namespace)
        if self._first.get(place) is leased:
            del self._first[place]

    # -- coverage -----------------------------------------------------------------------------------------------------

    @property
    def is_home_read(self) -> bool:
        """Whether everything of the home screen has been read, or is refused."""
        answers = [self._home_unread(key) for key in self._home]
        return all(answer is None or answer.reason for answer in answers) and any(answer is None for answer in answers)

    @property
    def is_loading(self) -> bool:
        """Whether something that was asked for is still being read."""
        return not self.is_home_read or any(map(_is_loading, self._leased()))

    def _leased(self) -> Iterator[_Leased]:
        yield from self._subjects.values()
        yield from self._asked.values()

    def unread(self) -> tuple[UnreadKind, ...]:
        """Return what is not read, by kind; not what the server does not have."""
        unread: set[tuple[str, str, str]] = set()
        for key, (kind, _) in self._home.items():
            answer = self._home_unread(key)
            if answer is not None:
                unread.add((kind.name, "", answer.reason))
        for leased in self._leased():
            if isinstance(leased.answer, Unread):
                unread.add((leased.demand.kind.name, leased.demand.namespace or "", leased.answer.reason))
        unread |= {(kind, "", _TOO_MANY.reason) for kind in self._left_out}
        whole = {(kind, reason) for kind, namespace, reason in unread if not namespace}
        return tuple(
            UnreadKind(kind, namespace, reason)
            for kind, namespace, reason in sorted(unread)
            if reason != NOT_SERVED and not (namespace and (kind, reason) in whole)
        )


_kind_keys: dict[int, tuple[Kind[Any], _KindKey]] = {}
"""By identity, with the kind, which must not be replaced by another one at the same address."""


def _kind_key(kind: Kind[Any]) -> _KindKey:
    known = _kind_keys.get(id(kind))
    if known is not None:
        return known[1]
    key = (type(kind), kind.type, kind.resource_type.qualified_name)
    if len(_kind_keys) < _MAX_KINDS:
        _kind_keys[id(kind)] = (kind, key)
    return key


def _is_read(leased: _Leased) -> bool:
    return isinstance(leased.answer, MergedStore)


def _is_loading(leased: _Leased) -> bool:
    return leased.answer == _LOADING


def _lease_key(demand: Demand) -> _LeaseKey:
    return (_kind_key(demand.kind), demand.namespace, demand.name, demand.about)


def _token(demand: Demand) -> Token:
    return ("demand", _lease_key(demand))
