"""Say what comes close to a Service that does not exist. Pure."""

from __future__ import annotations

from k9py.api.kinds import NAMESPACE, SERVICE
from k9py.api.meta import ObjectRef
from k9py.api.services import Service
from k9py.api.text import printable
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.near_misses import nearest_name

_MAX_NAMESPACES = 200


def missing_service(missing: ObjectRef, graph: Graph) -> str:
    """Return where something like a Service that does not exist is, as the end of a sentence; "" when nothing is.

    `; Service shop-apis does`, `; one exists in namespace prod`.
    """
    services = graph.list(SERVICE, missing.namespace)
    if isinstance(services, Unread):
        return ""
    near = nearest_name(missing.name, (each.name for each in services))
    if near:
        return f"; Service {printable(near)} does"
    namespaces = graph.list(NAMESPACE)
    if isinstance(namespaces, Unread):
        return ""
    for namespace in sorted(each.name for each in namespaces)[:_MAX_NAMESPACES]:
        is_other = namespace != missing.namespace and graph.covers(namespace)
        if is_other and isinstance(graph.get(SERVICE, missing.name, namespace), Service):
            return f"; one exists in namespace {printable(namespace)}"
    return ""
