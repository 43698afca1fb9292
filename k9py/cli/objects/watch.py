"""Print the rows or objects that change, until the command is interrupted.

Invariants: what was printed by the list is not printed again; a watch that breaks is resumed, and standard error says
so. Nothing is printed inside a reflector, so that a closed pipe ends the command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from k9py.api.errors import KdashError
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.text import printable
from k9py.cli.objects.listing import Scope
from k9py.cli.process import streaming_output
from k9py.cli.session import Invocation
from k9py.informer.health import Forbidden, Live, Loading, Stale, WatchHealth
from k9py.informer.reflector import Reflector
from k9py.informer.store import ChangeBatch
from k9py.session import ClusterSession

Printer = Callable[[Sequence[Any]], None]
"""Prints objects that are new or have changed."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The objects of one type that are followed.

    Args:
        new_kind: returns the kind for one watch.
        listed: what was printed already.
        print: prints what changed.
        notes_deleted: standard error names what was deleted; events only expire.
    """

    new_kind: Callable[[], Kind[Any]]
    listed: Iterable[KubeObject]
    print: Printer
    notes_deleted: bool = True


async def print_changes(
    invocation: Invocation, session: ClusterSession, scope: Scope, watched: Sequence[Watched]
) -> None:
    """Follow the objects until cancelled. Raises KdashError when they may not be watched."""
    follower = _Follower(invocation)
    reflectors = [reflector for item in watched for reflector in follower.reflectors(session, scope, item)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(reflector.run()) for reflector in reflectors]
        failure: KdashError | OSError | None = None
        try:
            with streaming_output():
                await follower.run()
        except (KdashError, OSError) as error:  # raised as itself, not in a group
            failure = error
        finally:
            for task in tasks:
                task.cancel()
    if failure is not None:
        raise failure


class _Follower:
    """Collects changes from the reflectors, and prints them.

    Printing blocks the event loop, so what waits is never more than the changes of one pass of it.
    """

    def __init__(self, invocation: Invocation) -> None:
        self._console = invocation.console
        self._changes: list[tuple[Printer, Any]] = []
        self._deleted: list[ObjectRef] = []
        self._health: list[WatchHealth] = []
        self._changed = asyncio.Event()
        self._problem = ""

    def reflectors(self, session: ClusterSession, scope: Scope, watched: Watched) -> list[Reflector[Any]]:
        """Return what must run to follow the objects."""
        versions = {value.key: value.metadata.resource_version for value in watched.listed}
        reflectors = []
        for namespace in scope.namespaces_of(watched.new_kind().resource_type):
            kind = watched.new_kind()
            lister = session.connection.lister_watcher(
                kind, namespace, label_selector=scope.label_selector, field_selector=scope.field_selector
            )
            reflector: Reflector[Any] = Reflector(kind, lister, session.clock, on_health=self._note_health)
            reflector.store.subscribe(self._collector(watched, versions))
            reflectors.append(reflector)
        return reflectors

    def _collector(self, watched: Watched, versions: dict[ObjectRef, str]) -> Callable[[ChangeBatch[Any]], None]:
        def collect(batch: ChangeBatch[Any]) -> None:
            for change in batch.changes:
                if change.new is None:
                    if watched.notes_deleted:
                        self._deleted.append(change.key)
                elif versions.pop(change.key, None) != change.new.metadata.resource_version:
                    self._changes.append((watched.print, change.new))
            self._changed.set()

        return collect

    def _note_health(self, health: WatchHealth) -> None:
        self._health.append(health)
        self._changed.set()

    async def run(self) -> None:
        """Print until cancelled. Raises KdashError when the objects may not be watched."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            changes, self._changes = self._changes, []
            for show, value in changes:
                show([value])
            deleted, self._deleted = self._deleted, []
            for key in deleted:
                self._console.print_err(f"kdash: {printable(str(key))} was deleted")
            health, self._health = self._health, []
            for state in health:
                self._report(state)

    def _report(self, state: WatchHealth) -> None:
        match state:
            case Forbidden(error=error):
                raise error
            case Stale(error=error) | Loading(error=KdashError() as error):
                problem = f"{error.message}; retrying"
            case Live() if self._problem:
                problem = ""
                self._console.print_err("kdash: watching again")
            case _:
                problem = self._problem
        if problem and problem != self._problem:
            self._console.print_err(f"kdash: {printable(problem)}")
        self._problem = problem
