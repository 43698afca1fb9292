"""Define a source of the timeline: a pure function that looks at one object and yields what it says about the past.

Invariants: an entry has the time that the cluster recorded, not that of the reading; every text is printable; nothing
of the content of a ConfigMap or Secret is ever read. A source that reads only its object is asked again only when that
object has changed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from k9py.api.kinds import Kind
from k9py.api.resource_type import ResourceType
from k9py.diagnosis import timelines
from k9py.diagnosis.graph import Graph, NotReadError
from k9py.diagnosis.timeline import TimelineEntry

SourceFunction = Callable[[Any, Graph, datetime], Iterator[TimelineEntry]]
"""Yields entries about one object (ObjectMetadata for `types`); older ones than the given time may be left out."""


@dataclass(frozen=True, slots=True)
class TimelineSource:
    """One source.

    Args:
        id: stable name, for tests.
        title: what its entries are, for documentation.
        kinds: kinds whose objects it looks at.
        types: types of which it looks at the metadata alone.
        reads_graph: it reads other objects than the one it looks at.
        function: yields the entries.
    """

    id: str
    title: str
    kinds: tuple[Kind[Any], ...]
    types: tuple[ResourceType, ...]
    reads_graph: bool
    function: SourceFunction

    def ask(self, obj: Any, graph: Graph, since: datetime) -> tuple[TimelineEntry, ...]:
        """Return what it knows of an object; nothing while something is not read that it needs."""
        try:
            return tuple(self.function(obj, graph, since))
        except NotReadError:
            return ()


def source(
    source_id: str,
    title: str,
    *,
    kinds: tuple[Kind[Any], ...] = (),
    types: tuple[ResourceType, ...] = (),
    reads_graph: bool = False,
) -> Callable[[SourceFunction], TimelineSource]:
    """Make a source of a function; see `TimelineSource`."""
    return lambda function: TimelineSource(source_id, title, kinds, types, reads_graph, function)


@cache
def built_in_sources() -> tuple[TimelineSource, ...]:
    """Return the sources of the modules in this package, in the order of modules and definitions."""
    found: list[TimelineSource] = []
    for module in sorted(pkgutil.iter_modules(timelines.__path__), key=lambda each: each.name):
        content = vars(importlib.import_module(f"{timelines.__name__}.{module.name}"))
        found += [value for value in content.values() if isinstance(value, TimelineSource)]
    return tuple(found)
