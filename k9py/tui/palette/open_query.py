"""Open what a query of resources asks for: a list of one type, or the choice between several.

Invariants: a named object that is watched is selected in its list; one that is not known is asked for by its name, so
the list shows it, or that there is none.
"""

from __future__ import annotations

from collections.abc import Callable

from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.resources.query import ResourceQuery
from k9py.tui.browse.request import BY_NAME
from k9py.tui.context import AppContext
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.filtered_list import ChoiceItem
from k9py.tui.palette.objects import searched_stores

Push = Callable[[ChooseDialog, Callable[[str | None], None]], object]
"""Shows a dialog and passes on its answer."""


def open_query(push: Push, context: AppContext, query: ResourceQuery) -> None:
    """Open the list of a query; of several types the user chooses one."""
    if len(query.types) == 1:
        _open(context, query, query.type)
        return
    by_name = {resource_type.qualified_name: resource_type for resource_type in query.types}
    counts = _counts(context)

    def chosen(name: str | None) -> None:
        if name is not None:
            _open(context, query, by_name[name])

    items = [
        ChoiceItem(name, resource_type.plural, counts.get(resource_type.kind, "") or resource_type.api_version)
        for name, resource_type in by_name.items()
    ]
    push(ChooseDialog(f"Which of {len(items)} types?", items), chosen)


def _open(context: AppContext, query: ResourceQuery, resource_type: ResourceType) -> None:
    namespaces = () if query.all_namespaces else query.namespaces or None
    field_selector, select = query.field_selector, None
    if query.name:
        select = _known(context, resource_type, query)
        if select is None:
            by_name = f"{BY_NAME}{query.name}"
            field_selector = f"{field_selector},{by_name}" if field_selector else by_name
    context.navigator.open_resources(
        resource_type,
        namespaces=namespaces,
        label_selector=query.label_selector,
        field_selector=field_selector,
        select=select,
    )


def _known(context: AppContext, resource_type: ResourceType, query: ResourceQuery) -> ObjectRef | None:
    """Return the watched object that a query names; of several, the first by namespace."""
    connected = context.connected
    if connected is None:
        return None
    namespaces = query.namespaces
    refs = [
        ref
        for kind, store in searched_stores(connected.cluster)
        if kind == resource_type.kind and not resource_type.ref_group
        for ref in tuple(store.keys())
        if ref.name == query.name and (not namespaces or ref.namespace in namespaces)
    ]
    return min(refs, key=lambda ref: ref.namespace, default=None)


def _counts(context: AppContext) -> dict[str, str]:
    """Return how many objects are watched, by kind."""
    connected = context.connected
    if connected is None:
        return {}
    return {kind: f"{len(store):,}" for kind, store in searched_stores(connected.cluster)}
