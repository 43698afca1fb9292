"""The pane of background jobs: what runs, forwards of the config file that could, and what has ended.

Invariants: a row's key stands for the job, not for an object of the cluster, and is the same as long as the job is
listed; rows are read again when a job says that something has changed, and once a second those that can be seen.
To add a key: an action of the scope `BACKGROUND_JOBS`, its method here, and a reason in `_reasons` for when it is not
possible.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import BindingType

from k9py.actions.action import ActionScope
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.runtime.background_jobs import BackgroundJob
from k9py.tui.bindings import bindings
from k9py.tui.object_copy import clipboard_text
from k9py.tui.panes.table_pane import RowSource, TablePane
from k9py.tui.remote.browser import missing_browser, open_in_browser
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.workers import start_worker
from k9py.views.background_jobs import (
    COLUMNS,
    SavedForward,
    job_row,
    losses,
    row_key,
    saved_key,
    saved_row,
)
from k9py.views.values import Row, Tone

if TYPE_CHECKING:
    from k9py.tui.context import AppContext

READ_SECONDS: Final = 1.0
"""How often visible rows are read again: bytes and ages change all the time."""


class JobsTable(LiveTable):
    """A table that leaves the key for sorting by the next column to the pane: here it opens the browser."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Bind no key for the next column; each column still has its own."""
        return False if action == "sort_next" else super().check_action(action, parameters)


class JobsPane(TablePane):
    """Background jobs.

    Args:
        context: the app, as screens see it.
    """

    table_type = JobsTable
    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.BACKGROUND_JOBS)

    def __init__(self, context: AppContext, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            "Jobs",
            COLUMNS,
            clock=context.options.clock,
            options=context.line_view_options,
            state=context.options.table_state,
            remember_as="background-jobs",
            number=1,
            id=id,
        )
        self._app_context = context
        self._jobs: dict[ObjectRef, BackgroundJob] = {}
        self._saved: dict[ObjectRef, tuple[SavedForward, int]] = {}
        self._shown_revision = (-1, -1)
        self._read_at = float("-inf")

    @property
    def selected(self) -> BackgroundJob | None:
        """The job under the cursor."""
        key = self.table.cursor_key
        return None if key is None else self._jobs.get(key)

    @property
    def selected_saved(self) -> SavedForward | None:
        """The saved forward under the cursor."""
        key = self.table.cursor_key
        saved = None if key is None else self._saved.get(key)
        return None if saved is None else saved[0]

    # -- rows ---------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Show the jobs."""
        self.set_source(RowSource(lambda: [*self._jobs, *self._saved], self._row))
        self.pull()

    def _row(self, key: ObjectRef, _now: datetime) -> Row | None:
        job = self._jobs.get(key)
        if job is not None:
            return job_row(job, key, self._app_context.jobs.number(job))
        saved = self._saved.get(key)
        return None if saved is None else saved_row(*saved)

    def pull(self) -> bool:
        """Bring the rows in step with the jobs; return whether they were read again. Called on each tick."""
        context, now = self._app_context, self._clock.monotonic()
        revision = (context.jobs.revision, context.forwards.revision)
        changed: set[ObjectRef] = set()
        if is_changed := revision != self._shown_revision:
            self._shown_revision = revision
            before = {*self._jobs, *self._saved}
            self._take()
            changed = before | {*self._jobs, *self._saved}
        if is_due := now - self._read_at >= READ_SECONDS:
            self._read_at = now
            changed.update(self.table.visible_keys())
        self.update_rows(changed)
        if is_changed:
            self.screen.refresh_bindings()
        return is_changed or is_due

    def _take(self) -> None:
        """Read which jobs there are. A forward of the config file has the same row whether it runs or not."""
        context = self._app_context
        self._jobs = {}
        for job in context.jobs.jobs:
            name = context.forwards.saved_name(job)
            key = saved_key(name) if name else row_key(context.jobs.number(job))
            self._jobs[key if key not in self._jobs else row_key(context.jobs.number(job))] = job
        self._saved = {saved_key(saved.name): (saved, place) for place, saved in enumerate(context.forwards.saved)}
        self.set_empty_text("nothing runs in the background", Tone.MUTED)

    # -- keys ---------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim what is not possible on the selected job."""
        if action in _REASONS:
            return None if self.disabled_reason(action) else True
        return super().check_action(action, parameters)

    def disabled_reason(self, action: str) -> str:
        """Return why a key does nothing now, "" when it does something."""
        reason = _REASONS.get(action)
        return "" if reason is None else reason(self)

    def stop_reason(self) -> str:
        """Return why the selected job cannot be stopped."""
        job = self.selected
        if job is None:
            return "this forward does not run" if self.selected_saved else "no job is selected"
        if job.state.has_ended:
            return f"it has ended already: {job.state.value}"
        return "" if job.can_stop else f"this {job.kind} cannot be stopped: the cluster does it"

    def start_reason(self) -> str:
        """Return why the selected job cannot be started."""
        if (saved := self.selected_saved) is not None:
            if not saved.is_usable:
                return f"not valid: {saved.fault}"
            return "" if self._app_context.connected is not None else "not connected"
        job = self.selected
        if job is None:
            return "no job is selected"
        return "it runs already" if not job.state.has_ended else self._app_context.forwards.restart_reason(job)

    def url_reason(self) -> str:
        """Return why there is no URL to use."""
        job = self.selected
        if job is None:
            return "this forward does not run" if self.selected_saved else "no job is selected"
        if job.state.has_ended:
            return "it has ended: nothing listens there"
        return "" if job.url else f"this {job.kind} has no URL"

    def browser_reason(self) -> str:
        """Return why no browser can be opened, with the URL to open elsewhere."""
        reason, job = self.url_reason(), self.selected
        if reason or job is None:
            return reason
        if not job.url.startswith(("http://", "https://")):
            return f"no page to open: {job.url}"
        missing = missing_browser(self._app_context.options.environ)
        return f"{missing}: {job.url}" if missing else ""

    def config_reason(self) -> str:
        """Return why there are no lines for the config file."""
        job = self.selected
        if job is None:
            return "it is in the config file already" if self.selected_saved else "no job is selected"
        return self._app_context.forwards.config_reason(job)

    def clear_reason(self) -> str:
        """Return why nothing can be removed from the list."""
        return "" if any(job.state.has_ended for job in self._jobs.values()) else "nothing has ended"

    def action_stop(self) -> None:
        """Stop the job under the cursor; ask first where something is lost."""
        job = self.selected
        if job is None:
            return
        self.table.pin_cursor()
        stop = partial(self._stop, job)
        if not losses([job]):
            start_worker(self.app, stop, group="jobs")
            return
        from k9py.tui.dialogs.losses import LossesDialog

        def stop_if(is_sure: bool | None) -> None:
            if is_sure:
                start_worker(self.app, stop, group="jobs")

        self.app.push_screen(LossesDialog(f"Stop {job.kind}?", losses([job]), verb="Stop"), stop_if)

    async def _stop(self, job: BackgroundJob) -> None:
        await job.stop()
        self._app_context.jobs.touch()

    def action_start(self) -> None:
        """Start the saved forward under the cursor, or one that has ended."""
        self.table.pin_cursor()
        forwards, job, saved = self._app_context.forwards, self.selected, self.selected_saved
        if saved is not None:  # of one that is not valid, what is wrong is shown
            start_worker(self.app, partial(self._start_saved, saved.name), group="forwards")
        elif job is not None:
            forwards.restart(job)

    async def _start_saved(self, name: str) -> None:
        if not await self._app_context.forwards.start_saved(name):
            self._app_context.show_message(f"the config file has no forward {name} any more", failed=True)

    def action_copy_url(self) -> None:
        """Copy the URL of the job under the cursor."""
        job = self.selected
        if job is not None:
            self._copy(job.url, job.url)

    def action_open_url(self) -> None:
        """Open the URL of the job under the cursor in the browser."""
        job, context = self.selected, self._app_context
        if job is None:
            return
        url = job.url

        async def show() -> None:
            context.show_message(f"opening {url}")
            if problem := await open_in_browser(url):
                context.show_message(f"{problem}: {url}", failed=True, stays=True)

        start_worker(self.app, show, group="browser")

    def action_as_config(self) -> None:
        """Show the forward under the cursor as lines for the config file, and copy them."""
        from k9py.tui.dialogs.config_lines import ConfigLinesDialog

        job, context = self.selected, self._app_context
        if job is None:
            return
        lines, path = context.forwards.config_lines(job), context.options.config_path
        copy = clipboard_text(lines, "the lines", context.options.clipboard)
        if not copy.is_refused:
            self.app.copy_to_clipboard(copy.text)
        note = "no clipboard here: copy them by hand" if copy.is_refused else copy.message
        self.app.push_screen(ConfigLinesDialog(lines, "" if path is None else str(path), note))

    def _copy(self, text: str, what: str) -> None:
        copy = clipboard_text(text, what, self._app_context.options.clipboard)
        if not copy.is_refused:
            self.app.copy_to_clipboard(copy.text)
        self._app_context.show_message(copy.message, failed=copy.is_refused)

    def action_clear(self) -> None:
        """Remove what has ended from the list."""
        removed = self._app_context.jobs.clear_ended()
        self._app_context.show_message(f"removed {count_noun(removed, 'job')} from the list")


_REASONS: Final[dict[str, Callable[[JobsPane], str]]] = {
    "stop": JobsPane.stop_reason,
    "start": JobsPane.start_reason,
    "copy_url": JobsPane.url_reason,
    "open_url": JobsPane.browser_reason,
    "as_config": JobsPane.config_reason,
    "clear": JobsPane.clear_reason,
}
"""Why each key does nothing now, by its Textual action."""
