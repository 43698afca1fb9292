"""The containers behind the subject of a log: which are read, which of them are shown, and how they are labelled.

Pure. Invariant: containers of roles that were not chosen are not read, except those in `always_read`; what is hidden
stays hidden when its pod is gone, because its lines are still kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from k9py.logs.buffer.hide_rules import HideRules
from k9py.logs.follow.stream import MAX_STREAMS
from k9py.logs.source import ContainerKey, LogTarget
from k9py.tui.logs.labels import Labels, labels_for
from k9py.tui.logs.source_filter import KnownSources, SourceFilter


class SourceSelection:
    """The targets of one subject."""

    def __init__(self) -> None:
        self.filter = SourceFilter()
        self.targets: tuple[LogTarget, ...] = ()
        """The containers there are, of every role."""
        self.is_known = False
        """False until the targets of the subject were set."""
        self.empty_reason = ""
        """Why there are no targets."""
        self._known = KnownSources()
        self._always_read: frozenset[ContainerKey] = frozenset()
        self._revision_names: Mapping[str, str] = {}

    def reset(self, *, is_same_subject: bool) -> None:
        """Forget the targets; of another subject also the filter and the sources seen."""
        self.targets, self.is_known = (), False
        if not is_same_subject:
            self.filter = SourceFilter()
            self._known.clear()
            self._revision_names, self._always_read = {}, frozenset()

    def set_targets(
        self,
        targets: Iterable[LogTarget],
        revision_names: Mapping[str, str],
        always_read: frozenset[ContainerKey],
        empty_reason: str,
    ) -> bool:
        """Set which containers there are; return False when nothing differs."""
        is_first, self.is_known = not self.is_known, True
        targets = tuple(targets)
        names = {**self._revision_names, **revision_names}
        # A container that is no target any more does not stay in the set: it would stay forever.
        always_read = (always_read | self._always_read) & {target.container_key for target in targets}
        new = (targets, names, always_read, empty_reason)
        if not is_first and new == (self.targets, self._revision_names, self._always_read, self.empty_reason):
            return False
        self.targets, self._revision_names, self._always_read, self.empty_reason = new
        return True

    @property
    def read_targets(self) -> tuple[LogTarget, ...]:
        """The containers whose logs are read."""
        roles = self.filter.roles
        return tuple(
            target for target in self.targets if target.role in roles or target.container_key in self._always_read
        )

    @property
    def streamed_targets(self) -> tuple[LogTarget, ...]:
        """The containers to stream: where only some can be read at a time, hidden ones are left out."""
        read = self.read_targets
        return read if len(read) <= MAX_STREAMS else tuple(target for target in read if not self.filter.hides(target))

    def remember(self) -> None:
        """Remember the containers that are read, for `labels` and `hidden`."""
        self._known.read(self.read_targets)

    def labels(self, subject: str) -> Labels:
        """Return how the sources seen are labelled."""
        return labels_for(self._known, subject, self._revision_names)

    def hidden(self) -> HideRules:
        """Return the sources and levels that are not shown."""
        return self.filter.hidden(self._known)
