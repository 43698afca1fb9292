"""Requests: verb, resource, namespace, name and subresource from method and path, as apiserver's RequestInfo.

Invariant: verbs are those of authorization (`list`, `watch`, `deletecollection` ...).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from k9py.simulator import status_errors
from k9py.simulator.registry.resource_table import ResourceTable
from k9py.simulator.registry.resources import Resource
from k9py.simulator.status_errors import StatusCause

_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """The object or collection a path names. `resource` is None for non-resource paths (discovery, health)."""

    verb: str
    resource: Resource | None = None
    namespace: str = ""
    name: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class UserInfo:
    """An authenticated user; `authorization.py` holds the rules."""

    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """A request, independent of the HTTP library.

    `query` holds one value of each parameter, `parameters` all of them in order; `accept` and `content_type` are the
    raw headers. `upgrade` is what the connection shall become, in lower case, such as `websocket`; `protocols` are the
    subprotocols offered for that.
    """

    method: str
    path: str
    info: RequestTarget
    user: UserInfo
    query: Mapping[str, str] = field(default_factory=dict)
    accept: str = ""
    content_type: str = ""
    body: bytes = b""
    user_agent: str = ""
    parameters: Sequence[tuple[str, str]] = ()
    upgrade: str = ""
    protocols: Sequence[str] = ()

    @property
    def resource(self) -> Resource:
        """Return the resource. Raises StatusError 404 for a non-resource path."""
        if self.info.resource is None:
            raise status_errors.no_such_resource()
        return self.info.resource

    @property
    def dry_run(self) -> bool:
        """Return whether this is a dry run.

        Raises:
            StatusError: 422 for a value other than `All`.
        """
        given = self.query.get("dryRun", "")
        if given not in ("", "All"):
            cause = StatusCause(
                "FieldValueNotSupported", f'Unsupported value: "{given}": supported values: "All"', "dryRun"
            )
            raise status_errors.invalid("meta.k8s.io", "UpdateOptions", "", [cause])
        return given == "All"

    def flag(self, name: str) -> bool:
        """Return a boolean query parameter, parsed as Go does."""
        return self.query.get(name, "").lower() not in ("", "0", "f", "false")

    def whole_number(self, name: str) -> int | None:
        """Return an integer query parameter, None if absent.

        Raises:
            StatusError: 400 if it is not an integer.
        """
        given = self.query.get(name, "")
        if not given:
            return None
        try:
            return int(given)
        except ValueError:
            raise status_errors.bad_request(f'strconv.ParseInt: parsing "{given}": invalid syntax') from None


def parse_request_info(
    resources: ResourceTable, method: str, path: str, query: Mapping[str, str]
) -> RequestTarget | None:
    """Parse a path; None if it names no resource of this server."""
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["api", "v1", *segments] if segments:
            group, version = "", "v1"
        case ["apis", group, version, *segments] if segments:
            pass
        case _:
            return None
    namespace = ""
    # /namespaces/x and /namespaces/x/status are the namespace itself; longer paths are inside it.
    if segments[0] == "namespaces" and len(segments) > 2 and segments[2] not in ("status", "finalize"):
        namespace, segments = segments[1], segments[2:]
    resource = resources.find(group, version, segments[0])
    if resource is None or len(segments) > 3:
        return None
    if namespace and not resource.namespaced:
        return None
    name = segments[1] if len(segments) > 1 else ""
    subresource = segments[2] if len(segments) > 2 else ""
    verb = _VERBS.get(method, method.lower())
    if verb == "get" and not name:
        watching = query.get("watch", "").lower() in ("1", "true", "t")
        verb = "watch" if watching else "list"
    elif verb == "delete" and not name:
        verb = "deletecollection"
    return RequestTarget(verb, resource, namespace, name, subresource)
