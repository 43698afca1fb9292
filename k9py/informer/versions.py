"""Comparing resourceVersions: which of two states of an object is the newer.

The API promises that resourceVersions of one resource type are decimal numbers that grow (KEP-5504), and every etcd
behind Kubernetes has always kept that. A server that uses anything else is taken at its word, in the order it speaks.
A version that falls means that the server was restored from a backup, or that what answers lags behind: `KnownVersion`
tells the two apart.
"""

from __future__ import annotations

from k9py.api.errors import VersionRegressedError
from k9py.api.meta import KubeObject


def number(resource_version: str) -> int | None:
    """Return a resourceVersion as a number, None when it is not one."""
    return int(resource_version) if resource_version.isdecimal() else None


def is_older(one: KubeObject, other: KubeObject) -> bool:
    """Tell whether `one` is certainly an older state than `other`."""
    mine, theirs = number(one.metadata.resource_version), number(other.metadata.resource_version)
    return mine is not None and theirs is not None and mine < theirs


def is_same(one: KubeObject, other: KubeObject) -> bool:
    """Tell whether both are the same state of the same object."""
    a, b = one.metadata, other.metadata
    return a.resource_version == b.resource_version and a.uid == b.uid


class KnownVersion:
    """The highest version one kind's lists and watches have shown, and what to make of a lower one.

    Only the version of a consistent read (a list without `resourceVersion`) is judged: an API server answers those with
    all that etcd has, on every replica, however far its watch cache lags. A proxy or an odd server may still answer one
    from an older copy, so a single lower version is only doubted; a replica that lags has caught up when it is asked
    again, and a restored server has not.
    """

    def __init__(self) -> None:
        self._highest: int | None = None
        self._was_lower = False

    def saw(self, resource_version: str) -> None:
        """Take note of a version that a watch has reached."""
        at = number(resource_version)
        if at is not None and (self._highest is None or at > self._highest):
            self._highest = at

    def has_fallen_to(self, resource_version: str) -> bool:
        """Compare the version of a consistent read with what was seen before.

        Returns:
            True when it is lower, and was so already the time before: the server's versions are these now.

        Raises:
            WentBackError: it is lower, for the first time; ask again in a while.
        """
        at, highest = number(resource_version), self._highest
        if at is None or highest is None or at >= highest:
            self._was_lower = False
            self.saw(resource_version)
            return False
        if not self._was_lower:
            self._was_lower = True
            raise VersionRegressedError(
                f"The server answered with version {at} and was at {highest} before",
                "A replica that lags, or a server restored from a backup: it is asked again.",
            )
        self.forget()
        self.saw(resource_version)
        return True

    def forget(self) -> None:
        """Take the next version for the first one."""
        self._highest, self._was_lower = None, False
