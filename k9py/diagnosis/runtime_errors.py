"""Cut errors of kubelets and container runtimes down to the part that says what is wrong.

Runtimes wrap an error once for each layer, the cause last: `failed to create containerd task: failed to create shim
task: OCI runtime create failed: runc create failed: unable to start container process: error during container init:
exec: "x": permission denied: unknown` (containerd, cri-o, runc/libcontainer, crun). Invariant: what is left is the end
of the message, and equal for equal failures of several pods: ids and names of pods are left out.
To recognise another layer: its words in `_LAYER`.
"""

from __future__ import annotations

from typing import Final

from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.text import printable, shorten

_LAYER: Final = lazy_pattern(
    r"^(?:Error: |rpc error: (?:code = \w+ )?(?:desc = )?|Error response from daemon: "
    r"|Failed to create pod sandbox: |failed to (?:create|start) (?:containerd |shim )?(?:task|container)"
    r"(?: for container)?(?: \"?[0-9a-f]{12,64}\"?)?: |failed to create containerd container: "
    r"|(?:container create failed|runc create failed|runc run failed|OCI runtime (?:create |start |exec )?"
    r"(?:failed|error)|unable to start container process|error during container init|crun|runc): "
    r"|time=\"[^\"]*\" level=\w+ msg=\"?|(?:container|process|standard_init)_linux\.go:\d+: "
    r"|(?:starting container process|container init|exec user process) caused:? "
    r"|failed to generate container (?:\"[0-9a-f]+\" )?spec: |failed to generate spec: |PostStart handler: )"
)
_UNKNOWN: Final = lazy_pattern(r"(?::? ?unknown|\\?\")+$")
_ID: Final = lazy_pattern(r" ?\(?\"?\b(?:[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\"?\)?")
_OF_POD: Final = lazy_pattern(r"\s*\(pod: \"[^\"]*\", container: [^)]*\)| pod=\S+\([0-9a-f-]{36}\)")
_CONTAINER_NAME: Final = lazy_pattern(r"\"(?:k8s_)?([a-z0-9-]+)_[^\"\s]+_[0-9a-f-]{36}_\d+\"")

REMEDIES: Final = (
    (("executable file not found", "no such file or directory"), "correct the container's command, or its image"),
    (("exec format error", "no match for platform"), "use an image that is built for the node's architecture"),
    (("not a directory", "is a directory"), "mount a file onto a file and a directory onto a directory (subPath)"),
    (("permission denied",), "make the file executable in the image, or let the container run as its owner"),
    (("oom-killed", "memory limit too low", "cannot allocate memory"), "raise the container's memory limit"),
    (("no command specified",), "give the container a command: its image has none"),
    (("runasnonroot", "non-root"), "set runAsUser to a number that is not 0, or use an image with such a user"),
    (("no space left on device",), "free disk space on the node"),
)
"""Parts of an error in lower case, and what helps; the first match wins."""


def concise_error(message: str) -> str:
    """Return what is wrong, printable, without the layers around it, ids, and names of pods."""
    text = printable(message.strip())
    while layer := _LAYER.match(text):
        text = text[layer.end() :].lstrip()
    text = _CONTAINER_NAME.sub(r'"\1"', text)
    text = _OF_POD.sub("", _ID.sub("", text))
    text = _UNKNOWN.sub("", text.rstrip(". ")).rstrip(": ")
    if text.count('"') % 2:
        text += '"'
    return shorten(text)


def start_remedy(message: str) -> str:
    """Return what helps against a failure to start a container, "" when it is not known."""
    lowered = message.lower()
    return next((remedy for signs, remedy in REMEDIES if any(sign in lowered for sign in signs)), "")
