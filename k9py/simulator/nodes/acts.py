"""What a kubelet still has to do, as values.

Pure.
"""

from dataclasses import dataclass
from typing import Literal

from k9py.simulator.controllers.queue import Key

Step = Literal[
    "admit", "pull", "pull-back-off", "start", "ready", "probe", "exit", "crash-back-off", "kill", "restart", "attach"
]


@dataclass(frozen=True, slots=True)
class Act:
    """What happens next to a container (or, with an empty name, to the whole pod)."""

    key: Key
    uid: str
    container: str
    step: Step
