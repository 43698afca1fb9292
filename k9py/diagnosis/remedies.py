"""Derive a remedy from a message about a missing object: create the secret, add the key."""

from __future__ import annotations

from typing import Final

from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.text import printable

_KINDS: Final = {
    "configmap": "ConfigMap",
    "secret": "Secret",
    "persistentvolumeclaim": "PersistentVolumeClaim",
    "serviceaccount": "ServiceAccount",
}
_OBJECT: Final = lazy_pattern(
    r'(?i)(?P<kind>configmap|secret|persistentvolumeclaim|serviceaccount) "(?P<name>[^"]+)" not found'
)
_KEY: Final = lazy_pattern(
    r"(?i)couldn't find key (?P<key>\S+) in (?P<kind>configmap|secret) [^/\s]+/(?P<name>[^\s,:;]+)"
)
"""Reported by kubelet/kuberuntime for a reference to a missing key of an object that exists."""


def missing_object_remedy(message: str) -> str:
    """Return `create Secret db` or `add key url to Secret db`; "" if the message names nothing that is missing.

    Args:
        message: from the kubelet or the scheduler.
    """
    key = _KEY.search(message)
    if key:
        return f"add key {printable(key['key'])} to {_KINDS[key['kind'].lower()]} {printable(key['name'])}"
    missing = _OBJECT.search(message)
    return f"create {_KINDS[missing['kind'].lower()]} {printable(missing['name'])}" if missing else ""
