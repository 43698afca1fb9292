"""Which revisions are the same but for a restart: `kubectl rollout restart` makes a revision that says nothing new.

Owns what was learnt of the templates of one workload's revisions, each read once. A template that could not be read is
the same as none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectKey
from k9py.api.workloads import RESTARTED_AT
from k9py.operations.revision_template import revision_template
from k9py.rollouts.revisions import Revision
from k9py.rollouts.template_diff import normalized_template


class ObjectReader(Protocol):
    """What is asked of a connection."""

    async def get(self, key: ObjectKey) -> dict[str, Any]: ...


class RestartedRevisions:
    """The templates of revisions, as far as they matter for what their containers say."""

    def __init__(self) -> None:
        self._known: dict[str, bytes | None] = {}

    async def load(self, source: ObjectReader, revisions: Iterable[Revision]) -> bool:
        """Read the templates not known yet; tell whether there were any."""
        unknown = [one for one in revisions if one.pod_template_hash not in self._known]
        for one in unknown:
            try:
                template = revision_template(await source.get(one.key))
            except KdashError:
                self._known[one.pod_template_hash] = None  # it stays another revision
            else:
                self._known[one.pod_template_hash] = essence(template)
        return bool(unknown)

    def has(self, revision: str) -> bool:
        """Tell whether the revision's template has been asked for."""
        return revision in self._known

    def same_as(self, revision: str, others: Iterable[str]) -> tuple[str, ...]:
        """Return those of the others whose template is the revision's own, but for when it was restarted."""
        mine = self._known.get(revision)
        if mine is None:
            return ()
        return tuple(one for one in others if one != revision and self._known.get(one) == mine)


def essence(template: Mapping[str, Any]) -> bytes:
    """Return a pod template without what a restart changes, in one form."""
    kept = dict(normalized_template(template))
    metadata = dict(kept.get("metadata") or {})
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != RESTARTED_AT}
    metadata["annotations"] = annotations
    kept["metadata"] = metadata
    return msgspec.json.encode(kept, order="sorted")
