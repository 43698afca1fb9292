"""The descriptor of a kind: how its objects are decoded, listed and opened.

Invariant: descriptors are data and pure functions. A kind without a descriptor is listed by the server's own Table and
described from its JSON, so a descriptor only adds what kdash knows better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from k9py.api.kinds import Kind
from k9py.api.meta import ObjectRef
from k9py.api.metrics import Usage, UsageHistory
from k9py.api.relations import Relation
from k9py.resources.describe.describer import Describer
from k9py.views.values import Column, Row


class RowContext(Protocol):
    """What a row may depend on besides its own object. Everything is known already: nothing here waits."""

    @property
    def now(self) -> datetime:
        """Aware UTC."""
        ...

    def usage(self, ref: ObjectRef) -> Usage | None:
        """Return what a pod or node uses, None when it is unknown."""
        ...

    def history(self, ref: ObjectRef) -> UsageHistory | None:
        """Return what a pod or node used in the last minutes, None when it is unknown."""
        ...

    def pod_count(self, node: str) -> int | None:
        """Return how many pods are on a node, None when pods are not read."""
        ...


class OpensAs(Enum):
    """What Enter shows of an object."""

    DESCRIPTION = "description"
    ROLLOUT = "rollout"
    SERVICE = "service"
    CONTAINERS = "containers"
    PODS = "pods"


class MetricsOf(Enum):
    """Which metrics the columns show."""

    NOTHING = "nothing"
    PODS = "pods"
    NODES = "nodes"


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind with columns of its own.

    Args:
        kind: how its objects are requested and decoded.
        columns: in the order of the cells; the namespace is added by the view.
        row: returns the row of a decoded object: one cell for each column.
        opens_as: what Enter shows.
        pod_selector: for OpensAs.PODS: returns (label selector, field selector) of the pods of an object, given its
            whole JSON.
        metrics: which metrics its columns show.
        needs_pods: its rows read `RowContext.pod_count`.
        relations: how its objects refer to others; those of standard kinds are in `api/relations.py`.
        describe: how its objects are described; None: by `resources/describe/`, which describes any kind.
    """

    kind: Kind[Any]
    columns: tuple[Column, ...]
    row: Callable[[Any, RowContext], Row]
    opens_as: OpensAs = OpensAs.DESCRIPTION
    pod_selector: Callable[[Mapping[str, Any]], tuple[str, str]] | None = None
    metrics: MetricsOf = MetricsOf.NOTHING
    needs_pods: bool = False
    describe: Describer | None = None
    relations: tuple[Relation, ...] = ()
