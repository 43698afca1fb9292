"""What a pod waits for that is not there, by what a kubelet or the scheduler says, and what would end the waiting."""

from __future__ import annotations

import re
from typing import Final

from k9py.api.text import printable

_KINDS: Final = {
    "configmap": "config map",
    "secret": "secret",
    "persistentvolumeclaim": "persistent volume claim",
    "serviceaccount": "service account",
}
_OBJECT: Final = re.compile(
    r'(?P<kind>configmap|secret|persistentvolumeclaim|serviceaccount) "(?P<name>[^"]+)" not found', re.I
)
_KEY: Final = re.compile(
    r"couldn't find key (?P<key>\S+) in (?P<kind>configmap|secret) [^/\s]+/(?P<name>[^\s,:;]+)", re.I
)
"""kubelet/kuberuntime: a reference to a key of an object that is there."""


def missing_remedy(message: str) -> str:
    """Return `create secret db`, `add key url to secret db`; "" when a message tells of nothing missing."""
    key = _KEY.search(message)
    if key:
        return f"add key {printable(key['key'])} to {_KINDS[key['kind'].lower()]} {printable(key['name'])}"
    found = _OBJECT.search(message)
    return f"create {_KINDS[found['kind'].lower()]} {printable(found['name'])}" if found else ""
