"""What the command line asked for, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Output = Literal["table", "json"]

THEME_NAMES = ("dark", "light", "colour-blind", "colour-blind-light")
"""Themes of the dashboard. Listed here because `kdash --help` must not import Textual."""


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
        theme: one of `THEME_NAMES`.
        mouse: answer to the mouse; without it the terminal selects text as usual.
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
    theme: str = "dark"
    mouse: bool = True


@dataclass(frozen=True, slots=True)
class CommandArguments:
    """What every subcommand is told.

    Args:
        kubeconfig, context: as kubectl's; None means its defaults.
        namespace: of all it names; None means the context's.
        demo: name of the demo scenario, None for a real cluster.
        read_only: refuse every write.
        json: answer as JSON.
        no_color: no colours, whatever the environment says.
    """

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    demo: str | None = None
    read_only: bool = False
    json: bool = False
    no_color: bool = False


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a write is to be made.

    Args:
        dry_run: show what would be, and store nothing.
        yes: confirmed beforehand.
        wait: follow the rollout to its end.
        timeout: seconds to follow it at most.
    """

    dry_run: bool = False
    yes: bool = False
    wait: bool = False
    timeout: float = 600.0
