"""Where a watcher stands. The transitions between these are `watcher`'s.

Invariant: a state holds all that is needed to go on from it after a failure, and nothing that is open.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing is known; an initial list is due."""


@dataclass(frozen=True, slots=True)
class InitPage:
    """A paged list is under way; "" is the first page's token."""

    continue_token: str


@dataclass(frozen=True, slots=True)
class InitListed:
    """Everything up to `resource_version` is known and no watch is open."""

    resource_version: str


@dataclass(frozen=True, slots=True)
class InitialWatch:
    """A watch that begins with the list is asked for, or open and not through the list."""


@dataclass(frozen=True, slots=True)
class Watching:
    """A watch is open and has told everything up to `resource_version`."""

    resource_version: str


State = Empty | InitPage | InitListed | InitialWatch | Watching
