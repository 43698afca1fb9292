"""What the command line asked for, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Output = Literal["table", "json"]


@dataclass(frozen=True, slots=True)
class Arguments:
    """The parsed command line.

    Args:
        kubeconfig, context: as kubectl's; None means its defaults.
        namespaces: those named with -n, in order, without repeats; empty means not named.
        all_namespaces: -A was given.
        demo: name of the demo scenario, None for a real cluster.
        read_only: refuse every write.
        once: print and exit.
        output: of `--once`.
        no_color: no colours, whatever the environment says.
        theme: "dark" or "light".
    """

    kubeconfig: str | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False
    demo: str | None = None
    read_only: bool = False
    once: bool = False
    output: Output = "table"
    no_color: bool = False
    theme: Literal["dark", "light"] = "dark"
