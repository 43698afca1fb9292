"""Fault injection: errors, cut streams, delays and silence, for the requests a test selects.

Invariant: a fault applies `times` times (None: until cleared) to requests that match its `RequestMatch`, in the order
added; at most one applies to a request. To add a fault, add a class here and its case in `http_server.py`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RequestMatch:
    """Matches requests by verb (`list`, `watch`, `get` ...), resource (`pods`) and a part of the path with query.

    An empty field matches everything.
    """

    verb: str = ""
    resource: str = ""
    containing: str = ""

    def matches(self, verb: str, resource: str, path: str) -> bool:
        return (
            (not self.verb or self.verb == verb)
            and (not self.resource or self.resource == resource)
            and self.containing in path
        )


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an error Status."""

    code: int
    reason: str = ""
    message: str = "the server is currently unable to handle the request"
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """Close the connection after a number of body bytes: in the middle of a line or a list."""

    after_bytes: int


@dataclass(frozen=True, slots=True)
class Slow:
    """Delay the response by seconds of the cluster's clock."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hang:
    """Accept the request and do not answer until the fault is cleared."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Send a number of body bytes, then nothing, and keep the connection open: a half-open stream."""

    after_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Replace:
    """Answer with another body: a web page, another object, a redirect; `after_handling`: handle the request first."""

    code: int = 200
    body: bytes = b"{}"
    content_type: str = "application/json"
    location: str = ""
    after_handling: bool = False


@dataclass(frozen=True, slots=True)
class NoBookmarks:
    """Drop the bookmarks of a watch, including the one that ends a streamed list, as filtering proxies do."""


Fault = Refuse | Cut | Slow | Hang | Silence | Replace | NoBookmarks


@dataclass(slots=True)
class _PlannedFault:
    fault: Fault
    match: RequestMatch
    remaining: int | None


@dataclass(slots=True)
class Faults:
    """The faults planned for one simulator."""

    _planned: list[_PlannedFault] = field(default_factory=list)

    def add(self, fault: Fault, where: RequestMatch, times: int | None = 1) -> None:
        self._planned.append(_PlannedFault(fault, where, times))

    def clear(self) -> None:
        self._planned.clear()

    def next_fault(self, verb: str, resource: str, path: str) -> Fault | None:
        """Return the fault that applies to a request, and count it."""
        for planned in self._planned:
            if planned.match.matches(verb, resource, path):
                if planned.remaining is not None:
                    planned.remaining -= 1
                    if planned.remaining <= 0:
                        self._planned.remove(planned)
                return planned.fault
        return None
