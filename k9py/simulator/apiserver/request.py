"""What a request asks for: its path taken apart into verb, resource, namespace, name and subresource.

Invariant: the same words a real API server uses for authorization (`list`, `watch`, `deletecollection` ...).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from k9py.simulator import status_errors
from k9py.simulator.registry.resources import Resource, find
from k9py.simulator.status_errors import StatusCause

_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """The object or collection a path names. `resource` is None for paths outside the API (discovery, health)."""

    verb: str
    resource: Resource | None = None
    namespace: str = ""
    name: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class UserInfo:
    """Who asks; what they may do is `access.py`'s."""

    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """One request, free of HTTP's machinery.

    `query` holds the last value of each parameter; `accept` and `content_type` are the raw headers.
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

    @property
    def resource(self) -> Resource:
        """Return the resource of a request known to have one."""
        if self.info.resource is None:
            raise status_errors.no_such_resource()
        return self.info.resource

    @property
    def dry_run(self) -> bool:
        """Tell whether nothing is to be stored.

        Raises:
            ApiFailure: 422 for a value other than `All`.
        """
        given = self.query.get("dryRun", "")
        if given not in ("", "All"):
            cause = StatusCause(
                "FieldValueNotSupported", f'Unsupported value: "{given}": supported values: "All"', "dryRun"
            )
            raise status_errors.invalid("meta.k8s.io", "UpdateOptions", "", [cause])
        return given == "All"

    def flag(self, name: str) -> bool:
        """Return a boolean parameter as Go reads it from a query."""
        return self.query.get(name, "").lower() not in ("", "0", "f", "false")

    def whole_number(self, name: str) -> int | None:
        """Return an integer parameter, None where it is absent.

        Raises:
            ApiFailure: 400 where it is no integer.
        """
        given = self.query.get(name, "")
        if not given:
            return None
        try:
            return int(given)
        except ValueError:
            raise status_errors.bad_request(f'strconv.ParseInt: parsing "{given}": invalid syntax') from None


def parse_request_info(method: str, path: str, query: Mapping[str, str]) -> RequestTarget | None:
    """Take a path apart; None where it names no resource of this server."""
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["api", "v1", *rest] if rest:
            group, version = "", "v1"
        case ["apis", group, version, *rest] if rest:
            pass
        case _:
            return None
    namespace = ""
    # /namespaces/x and /namespaces/x/status are the namespace itself; anything longer is inside it.
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    resource = find(group, version, rest[0])
    if resource is None or len(rest) > 3:
        return None
    if namespace and not resource.namespaced:
        return None
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    verb = _VERBS.get(method, method.lower())
    if verb == "get" and not name:
        watching = query.get("watch", "").lower() in ("1", "true", "t")
        verb = "watch" if watching else "list"
    elif verb == "delete" and not name:
        verb = "deletecollection"
    return RequestTarget(verb, resource, namespace, name, subresource)
