"""What a recorded cluster can answer: only what was read when it was recorded; everything else is unknown, not absent.

Invariant: a read is answered when one of the recorded ones covers it; any other gets a 403 with the reason
`NotRecorded`, never an empty list.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.status_errors import StatusError

NOT_RECORDED = "NotRecorded"
_READS = frozenset({"get", "list", "watch"})
_METADATA = "as=PartialObjectMetadata"


@dataclass(frozen=True, slots=True)
class RecordedRead:
    """One list that was read.

    Args:
        namespace: "" for all.
        is_metadata: without the content of the objects.
    """

    group: str
    plural: str
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""
    is_metadata: bool = False


class RecordedReads:
    """The lists that were read."""

    def __init__(self, reads: Iterable[RecordedRead]) -> None:
        self._by_type: dict[tuple[str, str], list[RecordedRead]] = {}
        for read in reads:
            self._by_type.setdefault((read.group, read.plural), []).append(read)

    def check(self, request: IncomingRequest) -> None:
        """Refuse a read of what was not read.

        Raises:
            StatusError: 403.
        """
        target = request.info
        if target.resource is None or target.subresource or target.verb not in _READS:
            return
        resource = target.resource
        reads = self._by_type.get((resource.group, resource.plural), [])
        if any(_covers(read, request) for read in reads):
            return
        name = resource.qualified_name
        if any(read.is_metadata for read in reads) and any(_covers(read, request, as_metadata=True) for read in reads):
            raise not_recorded(f"only the metadata of {name} is in the capsule, not the content")
        place = f" of namespace {target.namespace}" if target.namespace and reads else ""
        some = "these " if reads and not place else ""
        raise not_recorded(f"{some}{name}{place} are not in the capsule: unknown, not none")


def not_recorded(message: str) -> StatusError:
    """Return the error for what a recording does not hold."""
    return StatusError(403, NOT_RECORDED, message)


def _covers(read: RecordedRead, request: IncomingRequest, *, as_metadata: bool = False) -> bool:
    if read.is_metadata and not as_metadata and _METADATA not in request.accept:
        return False
    if read.namespace not in ("", request.info.namespace):
        return False
    if read.label_selector not in ("", request.query.get("labelSelector", "")):
        return False
    return read.field_selector in ("", request.query.get("fieldSelector", ""))
