"""Where an object or its subresource is on an API server, and what a request for it asks for."""

from __future__ import annotations

from urllib.parse import quote

from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.kube.request import RequestInfo


def object_request(
    resource_type: ResourceType, ref: ObjectRef, verb: str, subresource: str = ""
) -> tuple[str, RequestInfo]:
    """Return the URL path of an object or its subresource, and what the request asks for."""
    resource = f"{resource_type.plural}/{subresource}" if subresource else resource_type.plural
    path = resource_type.path(quote(ref.namespace, safe=""), quote(ref.name, safe=":"), subresource)
    return path, RequestInfo(verb, resource, resource_type.group, ref.namespace, ref.name)
