"""The files of a container: one directory as a table; Enter opens a directory or shows a file.

Invariants: every listing and every file that is shown is a command in the container and is audited as one; what is
copied is a background job, which continues while other screens are shown. The key of a row names an entry by its place,
so that names that look alike stay apart. The directory is remembered for each container while kdash runs.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import ClassVar, Final, TypeVar
from weakref import WeakKeyDictionary

from textual.binding import BindingType

from k9py.actions.action import Action, ActionScope
from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.streams import ContainerCommands, ContainerRef
from k9py.api.text import printable
from k9py.remote.files.copying import CopyOptions, CopyRequest
from k9py.remote.files.endpoints import LocalEndpoint, RemoteEndpoint
from k9py.remote.files.job import CopyJob
from k9py.remote.files.listing import (
    FileEntry,
    FilePart,
    Listing,
    joined,
    list_directory,
    parent,
    read_part,
    shown_lines,
)
from k9py.remote.files.remote_command import MissingCommandError
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.path import PathDialog
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.screens.paned_screen import SinglePaneScreen
from k9py.tui.screens.text_screen import TextScreen
from k9py.tui.session import Connected
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.workers import start_worker
from k9py.views.files import COLUMNS, entry_key, entry_row
from k9py.views.values import Tone

T = TypeVar("T")
_RETRIES: Final = 5
_DIRECTORIES: Final[WeakKeyDictionary[Connected, dict[ContainerRef, str]]] = WeakKeyDictionary()
"""The directory that was shown last, by container."""


class FilesScreen(SinglePaneScreen[TablePane]):
    """A directory of a container.

    Args:
        pod: its pod, and `uid` of it.
        path: "": the directory that was shown last, else the working directory.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.FILES)
    footer_begins_with = (
        "table.select",
        "files.download",
        "files.upload",
        "files.copy_path",
        "files.up",
        "pane.filter",
    )

    def __init__(self, context: AppContext, pod: ObjectRef, uid: str, container: ContainerRef, path: str) -> None:
        super().__init__(context)
        self.pod, self.container = pod, container
        self._uid = uid
        connected = context.connected
        self._remembered = {} if connected is None else _DIRECTORIES.setdefault(connected, {})
        self.path = path or self._remembered.get(container, "")
        self._first = ""
        self.entries: dict[ObjectRef, FileEntry] = {}
        title = f"Files · {printable(container.pod)} · {printable(container.container)}"
        self.pane = TablePane(
            title, COLUMNS, clock=context.options.clock, options=context.line_view_options, id="files"
        )

    @property
    def crumbs(self) -> tuple[str, ...]:
        return (printable(self.container.pod), "files")

    def target(self) -> ObjectRef | None:
        return self.pod if self.is_connected else None

    def pod_target(self) -> ObjectRef | None:
        return self.target()

    @property
    def container_under_cursor(self) -> str:
        return self.container.container

    def applies(self, action: Action) -> bool:
        return action.scope not in (ActionScope.WORKLOAD, ActionScope.POD, ActionScope.OBJECT, ActionScope.KIND)

    def keep_cursor(self, acted_on: ObjectRef | None) -> None:
        self.pane.table.pin_cursor()

    def lost_target_message(self) -> str:
        return ""

    # -- reading ------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the directory."""
        self.show_pane(self.pane)
        self.open_directory(self.path)

    def open_directory(self, path: str, select: str = "") -> None:
        """Read a directory and show it; the one that is shown stays until then.

        Args:
            select: name of the entry to put the cursor on.
        """

        async def work() -> None:
            shown = path or "the working directory"
            self.pane.set_empty_text("reading…", Tone.BUSY)
            read = partial(list_directory, container=self.container, path=path)
            listing = await self._command("ls", shown, read)
            if listing is not None:
                self._show(listing, select)
            elif not self.entries:
                self.pane.set_empty_text(f"{printable(shown)} was not read", Tone.WARN)

        start_worker(self, work, group="listing", exclusive=True)

    async def _command(self, verb: str, path: str, command: Callable[[ContainerCommands], Awaitable[T]]) -> T | None:
        """Run a command in the container, audited; None if it has failed, which is reported."""
        connected = self.app_context.connected
        if connected is None:
            self.app_context.show_message("there is no cluster", failed=True)
            return None
        title = f"files of {printable(self.container.pod)}"
        try:
            async with connected.writer.accesses.recorded(
                "files", self.pod, title, uid=self._uid, container=self.container.container, command=(verb, path)
            ):
                return await command(connected.connection)
        except MissingCommandError as error:
            offer = (self.app_context.key_names("object.debug"), "Debug container")
            hint = f"{error.hint}; its /proc/1/root is this file system if it shares the processes"
            if await self.app.push_screen_wait(MessageDialog(title, error.message, hint, offer=offer)):
                self.app_context.remote.debug(self.pod)
        except KdashError as error:
            self.app_context.show_error(title, error)
        return None

    def _show(self, listing: Listing, select: str) -> None:
        self.path = self._remembered[self.container] = listing.path
        self._first = self._first or listing.path
        self.entries = {entry_key(index, printable(entry.name)): entry for index, entry in enumerate(listing.entries)}
        self.pane.set_rows([entry_row(index, entry) for index, entry in enumerate(listing.entries)])
        self.pane.set_place(printable(listing.path), "" if listing.is_complete else "more are not listed")
        self.pane.set_empty_text("empty directory")
        chosen = next((key for key, entry in self.entries.items() if entry.name == select), None)
        self.pane.table.flush_if_mounted()  # the rows are there only then
        if chosen is not None:
            self.pane.table.select_key(chosen)
        elif self.entries:
            self.pane.table.unpin_cursor()
        if listing.problem:
            self.app_context.show_message(listing.problem, failed=True)

    @property
    def entry(self) -> FileEntry | None:
        """The entry under the cursor."""
        key = self.pane.table.cursor_key
        return None if key is None else self.entries.get(key)

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Open a directory, or show a file."""
        entry = self.entries.get(event.row.key)
        if entry is None:
            return
        path = joined(self.path, entry.name)
        if entry.is_directory:
            self.open_directory(path)
        elif entry.is_file or entry.is_link:
            self._view(path, may_be_directory=entry.is_directory is None)
        else:
            self.app_context.show_message("only files and directories are opened", failed=True)

    def _view(self, path: str, *, may_be_directory: bool) -> None:
        async def work() -> None:
            if may_be_directory:
                listing = await self._command("ls", path, partial(list_directory, container=self.container, path=path))
                if listing is not None and listing.entries:
                    self._show(listing, "")
                    return
            part = await self.read(path)
            if part is not None:
                self.app.push_screen(FileScreen(self, path, part))

        start_worker(self, work, group="listing", exclusive=True)

    async def read(self, path: str, *, end: bool = False) -> FilePart | None:
        """Return the first bytes of a file, or its last ones; None if it has failed, which is reported."""
        command = partial(read_part, container=self.container, path=path, end=end)
        return await self._command("tail" if end else "head", path, command)

    # -- keys ---------------------------------------------------------------------------------------------------------

    def action_up(self) -> None:
        """Show the directory above, with the cursor on this one."""
        if self.path and self.path != "/":
            self.open_directory(parent(self.path), self.path.rstrip("/").rpartition("/")[2])

    def action_reload(self) -> None:
        """Read the directory again."""
        entry = self.entry
        self.open_directory(self.path, "" if entry is None else entry.name)

    def action_copy_path(self) -> None:
        """Copy the path of the entry under the cursor."""
        entry = self.entry
        path = self.path if entry is None else joined(self.path, entry.name)
        if path.isprintable():
            self.app.copy_to_clipboard(path)
            self.app_context.show_message(f"copied {path}")
        else:
            self.app_context.show_message("the name has characters that cannot be copied", failed=True)

    def action_download(self) -> None:
        """Ask where to, then copy in the background."""
        entry = self.entry
        if entry is None:
            self.app_context.show_message("nothing is selected", failed=True)
            return
        path = joined(self.path, entry.name)
        here = free_path(Path.cwd(), entry.name if entry.name.isprintable() else "download", self.container.pod)

        def chosen(local: str | None) -> None:
            if local:
                request = CopyRequest(
                    self._remote(path), LocalEndpoint(os.path.expanduser(local)), self._options(local)
                )
                self._start(request)

        title = "Download to"
        self.app.push_screen(PathDialog(title, printable(path), str(here), _about_destination), chosen)

    def action_upload(self) -> None:
        """Ask what, then copy it into this directory in the background."""

        def chosen(local: str | None) -> None:
            if local:
                directory = self.path.rstrip("/") + "/"
                self._start(
                    CopyRequest(LocalEndpoint(os.path.expanduser(local)), self._remote(directory), self._options(""))
                )

        about = f"into {printable(self.path)} of {printable(self.container.pod)}; a file of that name is replaced"
        self.app.push_screen(
            PathDialog("Upload which file or directory?", about, "", _about_source, confirms="Upload"), chosen
        )

    def _remote(self, path: str) -> RemoteEndpoint:
        return RemoteEndpoint("Pod", self.container.pod, path, self.container.namespace)

    def _options(self, local: str) -> CopyOptions:
        return CopyOptions(self.container.container, resumes=bool(local), retries=_RETRIES)

    def _start(self, request: CopyRequest) -> None:
        connected, jobs = self.app_context.connected, self.app_context.jobs
        if connected is None:
            return
        try:
            job = CopyJob(connected, request, jobs.touch)
        except KdashError as error:
            self.app_context.show_error("copy", error)
            return
        jobs.add(job)
        job.start()
        self.app_context.show_message(
            self.app_context.key_names.fill(f"{job.kind} started · {{background.jobs}} shows it")
        )

    def step_back(self) -> None:
        """Clear the filter, go up to the directory that was shown first, then go back."""
        if self.clear_filter():
            return
        if self.path.startswith(f"{self._first.rstrip('/')}/") and self.path != self._first:
            self.action_up()
        else:
            super().step_back()


class FileScreen(TextScreen):
    """A file of a container: its first bytes, or its last ones."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.FILE)
    footer_begins_with = ("file.end", "pane.filter")

    def __init__(self, files: FilesScreen, path: str, part: FilePart) -> None:
        super().__init__(files.app_context, files.pod, "File")
        self._files, self._path, self._part = files, path, part

    def applies(self, action: Action) -> bool:
        return self._files.applies(action)

    @property
    def _note(self) -> str:
        size = f"{len(self._part.shown):,} bytes"
        extent = "" if self._part.is_all_shown else f"the {'last' if self._part.is_end else 'first'} {size} only"
        kind = "binary" if self._part.is_binary else ""
        return " · ".join(text for text in (printable(self._path), kind, extent) if text)

    def show(self) -> None:
        """Show the part that was read; cut into lines in a thread, because it may be large."""

        async def work() -> None:
            lines = await asyncio.to_thread(shown_lines, self._part)
            self.pane.text.set_text("\n".join(lines))
            self.pane.set_note("", narrowing=self._note)
            if self._part.is_end:
                self.pane.text.action_edge(1)

        start_worker(self, work, group="show", exclusive=True)

    def action_end_of_file(self) -> None:
        """Show the last bytes, or the first ones again."""
        if self._part.is_all_shown:
            self.pane.text.action_edge(0 if self.pane.text.scroll_offset.y else 1)
            return

        async def work() -> None:
            part = await self._files.read(self._path, end=not self._part.is_end)
            if part is not None:
                self._part = part
                self.show()

        start_worker(self, work, group="read", exclusive=True)


def free_path(directory: Path, name: str, pod: str) -> Path:
    """Return a path for a download that replaces nothing: its name, or that with the pod's before it."""
    candidates = chain((name, f"{pod}-{name}"), (f"{pod}-{number}-{name}" for number in count(2)))
    return next(path for path in map(directory.joinpath, candidates) if not os.path.lexists(path))


def _about_destination(path: str) -> str:
    """Return what a person has to know about where a download goes."""
    path = os.path.expanduser(path.strip())
    if os.path.isdir(path):
        return "a directory: a file is copied into it, the files of a directory are merged into it"
    if os.path.lexists(path):
        return "it exists and is replaced"
    return "" if os.path.isdir(os.path.dirname(path) or ".") else "its directory does not exist"


def _about_source(path: str) -> str:
    """Return what a person has to know about what is uploaded."""
    path = os.path.expanduser(path.strip())
    return "" if not path or os.path.exists(path) else "there is no such file"
