"""Compare resourceVersions: which of two states of an object is newer, and whether the server went back in time.

The API promises that the resourceVersions of one resource type are decimal numbers that grow (KEP-5504), and every etcd
behind Kubernetes has always kept that. A server that uses anything else is believed, in the order it sends. A version
that falls means that the server was restored from a backup, or that a replica lags: `KnownVersion` distinguishes the
two.
"""

from __future__ import annotations

import msgspec

from k9py.api.errors import VersionRegressedError
from k9py.api.meta import KubeObject


def version_number(resource_version: str) -> int | None:
    """Return a resourceVersion as a number, None when it is not one."""
    return int(resource_version) if resource_version.isdecimal() else None


def is_older(state: KubeObject, other: KubeObject) -> bool:
    """Return whether the first version is certainly older than the second."""
    number = version_number(state.metadata.resource_version)
    other_number = version_number(other.metadata.resource_version)
    return number is not None and other_number is not None and number < other_number


def is_same_state(state: KubeObject, other: KubeObject) -> bool:
    """Return whether both versions are the same state of an object."""
    a, b = state.metadata, other.metadata
    return a.resource_version == b.resource_version and a.uid == b.uid


def has_same_content(state: KubeObject, other: KubeObject) -> bool:
    """Return whether nothing that is decoded differs but the version: a heartbeat, or a write of another field."""
    if state.metadata.uid != other.metadata.uid:
        return False
    metadata = msgspec.structs.replace(state.metadata, resource_version=other.metadata.resource_version)
    return metadata == other.metadata and msgspec.structs.replace(state, metadata=metadata) == other


class KnownVersion:
    """The highest version that the lists and watches of one kind have shown.

    Only the version of a consistent read (a list without `resourceVersion`) is judged: an API server answers those with
    everything etcd has, on every replica, however far its watch cache lags. A proxy or an unusual server may still
    answer from an older copy, so a single lower version is only suspicious: a replica that lags has caught up by the
    next request, a restored server has not.
    """

    def __init__(self) -> None:
        self._highest: int | None = None
        self._was_lower = False

    def observe(self, resource_version: str) -> None:
        """Record a version that a watch has reached."""
        number = version_number(resource_version)
        if number is not None and (self._highest is None or number > self._highest):
            self._highest = number

    def check_regression(self, resource_version: str) -> bool:
        """Compare the version of a consistent read with the highest one so far.

        Returns:
            True when it is lower, and was lower the time before: the server was restored.

        Raises:
            VersionRegressedError: it is lower, for the first time; ask again later.
        """
        number, highest = version_number(resource_version), self._highest
        if number is None or highest is None or number >= highest:
            self._was_lower = False
            self.observe(resource_version)
            return False
        if not self._was_lower:
            self._was_lower = True
            raise VersionRegressedError(
                f"The server answered with resourceVersion {number}, after {highest} before",
                "A replica lags, or the server was restored from a backup: retrying.",
            )
        self.forget()
        self.observe(resource_version)
        return True

    def forget(self) -> None:
        """Accept any version next."""
        self._highest, self._was_lower = None, False
