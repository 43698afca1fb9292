"""Recorded reads: which computations read which part of the stores, so that a change makes exactly those stale.

A part of the stores is a token: an object's reference, or a question to a store such as "the pods under this value of
that index". `MergedStore` records the token of every query while reads are recorded; `ReadGraph.mark` finds the
computations whose tokens a change touches. Nobody lists dependencies by hand: a view that reads something new depends
on it from then on.

Invariants: a computation is fresh or stale; a stale one keeps no tokens, so a change costs the fresh readers it
concerns. Who uses a stale value records its reads again. A computation within another one is a token of the outer one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager

from k9py.api.meta import ObjectRef

Token = Hashable


class TrackedReads:
    """The reads of one computation.

    Args:
        graph: where they are registered.
        ref: the object whose view is computed, None for other computations.
        on_stale: called when it became stale because of a change; it is then not counted as a view.
    """

    __slots__ = ("_graph", "is_stale", "on_stale", "ref", "tokens")

    def __init__(
        self, graph: ReadGraph, ref: ObjectRef | None = None, on_stale: Callable[[TrackedReads], None] | None = None
    ) -> None:
        self._graph = graph
        self.ref = ref
        self.on_stale = on_stale
        self.is_stale = True
        self.tokens: frozenset[Token] = frozenset()

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record what is read while entered; afterwards the computation is fresh, unless it failed."""
        self.close()
        with self._graph.collecting() as tokens:
            yield
        self._graph.register(self, tokens)

    def close(self) -> None:
        """Forget the reads; the computation is stale."""
        self._graph.release(self)
        self.is_stale = True


class ReadGraph:
    """All recorded reads of a cluster."""

    def __init__(self) -> None:
        self._collected: set[Token] | None = None
        self._readers: dict[Token, set[TrackedReads]] = {}

    def record(self, token: Token) -> None:
        """Record a read, if reads are recorded now."""
        if self._collected is not None:
            self._collected.add(token)

    def track(
        self, ref: ObjectRef | None = None, on_stale: Callable[[TrackedReads], None] | None = None
    ) -> TrackedReads:
        """Return a computation that has read nothing yet; see `TrackedReads`."""
        return TrackedReads(self, ref, on_stale)

    def is_read(self, token: Token) -> bool:
        """Return whether a fresh computation has read something."""
        return token in self._readers

    @contextmanager
    def collecting(self) -> Iterator[set[Token]]:
        """Collect the tokens that are read while entered, apart from an outer collection."""
        outer, self._collected = self._collected, set()
        try:
            yield self._collected
        finally:
            self._collected = outer

    def register(self, reads: TrackedReads, tokens: Iterable[Token]) -> None:
        """Make a computation fresh, with what it has read."""
        reads.tokens = frozenset(tokens)
        reads.is_stale = False
        for token in reads.tokens:
            self._readers.setdefault(token, set()).add(reads)

    def release(self, reads: TrackedReads) -> None:
        """Forget what a computation has read."""
        for token in reads.tokens:
            readers = self._readers.get(token)
            if readers is not None:
                readers.discard(reads)
                if not readers:
                    del self._readers[token]
        reads.tokens = frozenset()

    def mark(self, tokens: Iterable[Token]) -> set[ObjectRef]:
        """Make every fresh computation stale that has read one of these, and those that have read such a computation.

        Returns:
            The objects whose views became stale.
        """
        stale: set[ObjectRef] = set()
        waiting: list[Token] = [token for token in tokens if token in self._readers]
        while waiting:
            for reads in tuple(self._readers.get(waiting.pop(), ())):
                self.release(reads)
                reads.is_stale = True
                if reads.on_stale is not None:
                    reads.on_stale(reads)
                elif reads.ref is not None:
                    stale.add(reads.ref)
                waiting.append(reads)
        return stale

    def make_stale(self, reads: TrackedReads) -> set[ObjectRef]:
        """Make a computation stale, and those that have read it; return the objects of these views."""
        self.release(reads)
        reads.is_stale = True
        return self.mark((reads,)) | ({reads.ref} if reads.ref is not None else set())

    def mark_all(self) -> None:
        """Make every computation stale."""
        for reads in {reads for readers in self._readers.values() for reads in readers}:
            reads.tokens = frozenset()
            reads.is_stale = True
            if reads.on_stale is not None:
                reads.on_stale(reads)
        self._readers = {}

    def __len__(self) -> int:
        """Return how many tokens are recorded, for tests of what they cost."""
        return len(self._readers)
