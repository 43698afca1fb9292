"""Trouble on purpose: refusals, cut streams, slowness and silence, for the requests a test names.

Invariant: a fault acts `times` times (None: until cleared) on requests that match its `Where`, in the order added; a
request meets at most one. To add a kind of trouble, add a class here and its case in `listener.py`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RequestMatch:
    """Which requests: by verb (`list`, `watch`, `get` ...), resource (`pods`), and a part of the path with its query.

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
    """Answer with a failure instead."""

    code: int
    reason: str = ""
    message: str = "the server is currently unable to handle the request"
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """Close the connection after so many bytes of the body: a line cut in the middle, a list cut short."""

    after_bytes: int


@dataclass(frozen=True, slots=True)
class Slow:
    """Wait so many seconds of the cluster's clock before the answer."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hang:
    """Take the request and never answer, until the fault is cleared."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Send so many bytes of the body, then nothing, with the connection open: a half-open stream."""

    after_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Replace:
    """Answer with this instead: a web page, another object, a redirect; `made`: the request was carried out before."""

    code: int = 200
    body: bytes = b"{}"
    content_type: str = "application/json"
    location: str = ""
    after_handling: bool = False


@dataclass(frozen=True, slots=True)
class NoBookmarks:
    """Leave bookmarks out of a watch, the one that closes a streamed list too, as proxies that filter objects do."""


Fault = Refuse | Cut | Slow | Hang | Silence | Replace | NoBookmarks


@dataclass(slots=True)
class _PlannedFault:
    fault: Fault
    match: RequestMatch
    remaining: int | None


@dataclass(slots=True)
class Faults:
    """The trouble planned for one simulator."""

    _planned: list[_PlannedFault] = field(default_factory=list)

    def add(self, fault: Fault, where: RequestMatch, times: int | None = 1) -> None:
        self._planned.append(_PlannedFault(fault, where, times))

    def clear(self) -> None:
        self._planned.clear()

    def next_fault(self, verb: str, resource: str, path: str) -> Fault | None:
        """Return the fault this request meets, and count it."""
        for planned in self._planned:
            if planned.match.matches(verb, resource, path):
                if planned.remaining is not None:
                    planned.remaining -= 1
                    if planned.remaining <= 0:
                        self._planned.remove(planned)
                return planned.fault
        return None
