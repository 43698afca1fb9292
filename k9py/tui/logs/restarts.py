"""Find revisions that differ only by a restart: `kubectl rollout restart` creates a revision without another change.

Owns the templates of one workload's revisions, each read once. A template that cannot be read equals no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.workloads import RESTARTED_AT
from k9py.operations.revision_template import revision_template
from k9py.rollouts.revisions import Revision
from k9py.rollouts.template_diff import normalized_template


class ObjectReader(Protocol):
    """Reads objects from the server."""

    async def get(self, key: ObjectRef) -> dict[str, Any]: ...


class RestartedRevisions:
    """The pod templates of revisions, without what a restart changes."""

    def __init__(self) -> None:
        self._known: dict[str, bytes | None] = {}

    async def load(self, source: ObjectReader, revisions: Iterable[Revision]) -> bool:
        """Read the templates that are unknown yet; return True when there were any."""
        unknown = [revision for revision in revisions if revision.pod_template_hash not in self._known]
        for revision in unknown:
            try:
                template = revision_template(await source.get(revision.key))
            except KdashError:
                self._known[revision.pod_template_hash] = None  # it equals no other revision
            else:
                self._known[revision.pod_template_hash] = essence(template)
        return bool(unknown)

    def has(self, revision: str) -> bool:
        """Return True when the revision's template was requested."""
        return revision in self._known

    def same_as(self, revision: str, others: Iterable[str]) -> tuple[str, ...]:
        """Return those of the others that differ from the revision only by a restart."""
        template = self._known.get(revision)
        if template is None:
            return ()
        return tuple(other for other in others if other != revision and self._known.get(other) == template)


def essence(template: Mapping[str, Any]) -> bytes:
    """Return a pod template in canonical form, without what a restart changes."""
    kept = dict(normalized_template(template))
    metadata = dict(kept.get("metadata") or {})
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != RESTARTED_AT}
    metadata["annotations"] = annotations
    kept["metadata"] = metadata
    return msgspec.json.encode(kept, order="sorted")
