"""The options of `kdash debug` as values. Importing this imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DebugOptions:
    """The options of `kdash debug`; "" and () are left to the settings and to defaults.

    Args:
        attaches: None: at a terminal.
        removes: the pod that is created, without asking; None: that of a node, and a copy after asking.
        kept: names of what a copy keeps: "labels" ...
        shares_processes: None: not said.
    """

    image: str = ""
    profile: str = ""
    target: str = ""
    container: str = ""
    command: tuple[str, ...] = ()
    is_arguments: bool = False
    environment: tuple[tuple[str, str], ...] = ()
    pull_policy: str = ""
    attaches: bool | None = None
    removes: bool | None = None
    copy_to: str = ""
    images: tuple[tuple[str, str], ...] = ()
    shares_processes: bool | None = None
    same_node: bool = False
    replaces: bool = False
    kept: tuple[str, ...] = field(default=("init_containers",))

    @property
    def is_copy(self) -> bool:
        """Whether a copy of the pod is wanted."""
        return bool(self.copy_to)
