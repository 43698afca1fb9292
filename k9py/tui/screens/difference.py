"""The difference between two revisions of a rollout, or between one and now: by meaning first, as YAML on a key.

Invariants: the left side is always older than the right one; what runs now is the object's own template, read anew when
its generation changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from k9py.api.errors import KdashError, MissingPartError, NotFoundError, RefusedError
from k9py.api.kinds import WORKLOAD_KINDS
from k9py.api.meta import ObjectKey
from k9py.cluster.change_feed import Changes
from k9py.operations.audit import AuditLog
from k9py.operations.undo import revision_template
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.undo_target import previous_revision, revision_of_number
from k9py.tui import keymap
from k9py.tui.answer.base import comparison_base
from k9py.tui.dialogs.difference import template_diff_lines
from k9py.tui.screens.cluster_screen import ClusterScreen
from k9py.tui.screens.text import TextScreen
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.tui.widgets.toned_text import TextSpan
from k9py.tui.workers import start_worker
from k9py.views.revisions import revision_text
from k9py.views.values import StyledLine, Tone

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp

CONTEXT_LINES: Final = 6
"""Lines around each change in the YAML."""


def open_difference(
    screen: ClusterScreen, older: int | None = None, newer: int | None = None, *, target: ObjectKey | None = None
) -> None:
    """Show the difference of a workload on a screen of its own.

    Args:
        target: the workload; None: the object under the cursor.
        older: number of a revision; None: the one home compares with.
        newer: number of a revision; None: what runs now.
    """
    target, connected = target or screen.target(), screen.kdash.connected
    try:
        if target is None or connected is None:
            raise RefusedError("nothing is selected", "select a Deployment, StatefulSet or DaemonSet")
        if target.kind not in WORKLOAD_KINDS:
            raise RefusedError(f"a {target.kind} has no revisions", "select a Deployment, StatefulSet or DaemonSet")
        found = connected.cluster.queries.revisions_of(target)
        if older is not None and newer is not None and older > newer:
            older, newer = newer, older
        if older is not None and older == newer:
            raise RefusedError(f"revision {older} is the same as revision {newer}", "choose two revisions")
        sides = (
            (_first(found, target) if older is None else revision_of_number(found, older, str(target))),
            (None if newer is None else revision_of_number(found, newer, str(target))),
        )
    except KdashError as error:
        screen.kdash.show_error("Difference", error)
        return
    screen.app.push_screen(DifferenceScreen(screen.kdash, target, *sides, is_chosen=older is not None))


def _first(found: tuple[Revision, ...], target: ObjectKey) -> Revision:
    before = previous_revision(found)
    if before is not None:
        return before
    if not found:
        raise RefusedError(f"{target} has no revisions that are known", "wait until they are read")
    raise RefusedError(f"{target} has only one revision", "there is nothing to compare it with")


class DifferenceScreen(TextScreen):
    """What changed from one revision to another.

    Args:
        older: the left side.
        newer: the right side, None for what runs now.
        is_chosen: the person chose the left side; if not, it is the one home compares with, and an undo goes to the
            revision that is suggested.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.DIFFERENCE]
    DEFAULT_CSS = """
    DifferenceScreen #sides { margin: 1 0 0 0; max-height: 4; }
    DifferenceScreen.-short #sides, DifferenceScreen.-narrow #sides { margin: 0; }
    """

    def __init__(
        self, app: KdashApp, subject: ObjectKey, older: Revision, newer: Revision | None, *, is_chosen: bool
    ) -> None:
        super().__init__(app, subject, "Difference")
        self.older, self.newer = older, newer
        self._has_looked = is_chosen
        self._undoes_to: Revision | None = older if is_chosen else None
        self.is_yaml = False
        self.sides = TonedLines(id="sides", wraps=True)
        self._templates: dict[str, Mapping[str, Any]] = {}
        self._now: Mapping[str, Any] | None = None
        self._generation: int | None = None

    def compose_panes(self) -> ComposeResult:
        yield self.sides
        yield from super().compose_panes()

    # -- what is shown ------------------------------------------------------------------------------------------------

    def show(self) -> None:
        start_worker(self, self._show, group="difference", exclusive=True)

    async def _show(self) -> None:
        await self._look_for_base()
        self._say_sides()
        text = self.pane.text
        try:
            old, new = await self._template(self.older), await self._template(self.newer)
        except KdashError as error:
            text.set_lines(((TextSpan(error.message, Tone.FAIL),), (TextSpan(error.hint, Tone.MUTED),)))
            return
        text.set_lines(
            template_diff_lines(
                old,
                new,
                as_yaml=self.is_yaml,
                context=CONTEXT_LINES,
                size=text.size,
                shows_secrets=self.shows_secrets,
            )
        )
        self._say_sides()

    async def _look_for_base(self) -> None:
        """Take the left side that home compares with, once, unless the person chose one."""
        connected, now = self.kdash.connected, self.kdash.options.clock.now()
        view = connected.cluster.queries.rollout_view(self.subject, now) if connected is not None else None
        if self._has_looked or connected is None or view is None:
            return
        lines = await asyncio.to_thread(AuditLog(self.kdash.options.audit_path).lines, view.uid)
        if self._undoes_to is not None:
            return  # the person chose a side meanwhile
        self._has_looked = True
        is_problem = view.severity.is_problem
        base = comparison_base(connected.cluster, view, lines, is_problem=is_problem)
        self.older = base.older or self.older
        self._undoes_to = base.target.revision if base.target is not None and is_problem else None

    def _choose(self, older: Revision) -> None:
        self.older = self._undoes_to = older
        self._has_looked = True

    def _say_sides(self) -> None:
        now = self.kdash.options.clock.now()
        mode = "as YAML" if self.is_yaml else "by meaning"
        self.sides.show(
            [
                (
                    (f"{self.subject.kind} {self.subject.namespace}/{self.subject.name}  ", Tone.PLAIN),
                    (revision_text(self.older, now), Tone.ACCENT),
                    (" → ", Tone.MUTED),
                    (self._newer_words(now), Tone.ACCENT),
                ),
                _keys(mode, self._undoes_to),
            ]
        )
        self.pane.set_note("", narrowing=mode)

    def _newer_words(self, now: datetime) -> str:
        if self.newer is not None:
            return revision_text(self.newer, now)
        current = current_revision(self._revisions())
        return "now" if current is None else f"now, {revision_text(current, now)}"

    def _revisions(self) -> tuple[Revision, ...]:
        connected = self.kdash.connected
        return connected.cluster.queries.revisions_of(self.subject) if connected is not None else ()

    async def _template(self, side: Revision | None) -> Mapping[str, Any]:
        """Return the pod template of a side, read once (and again when the object changed).

        Raises:
            KdashError: it cannot be read, or holds no template.
        """
        connected = self.kdash.connected
        if connected is None:
            raise RefusedError("not connected", "it is shown once the cluster is back")
        if side is None:
            if self._now is None:
                found = await connected.connection.get(self.subject)
                self._now = found.get("spec", {}).get("template", {})
                self._generation = found.get("metadata", {}).get("generation")
            return self._now
        if side.uid not in self._templates:
            try:
                self._templates[side.uid] = revision_template(await connected.connection.get(side.key))
            except NotFoundError as error:
                raise MissingPartError(
                    f"revision {side.number} is no longer kept", "choose another revision"
                ) from error
        return self._templates[side.uid]

    def on_resize(self) -> None:
        """Fold long lines anew."""
        self.call_after_refresh(self.show)

    def session_changed(self) -> None:
        self._now = None
        self.show()

    def tick(self, changes: Changes) -> None:
        if not (changes.everything or self.subject in changes.rollouts):
            return
        connected = self.kdash.connected
        workload = connected.cluster.queries.workload(self.subject) if connected is not None else None
        if workload is not None and self._generation not in (None, workload.metadata.generation):
            self._now, self._generation = None, None
            self.show()

    # -- keys ---------------------------------------------------------------------------------------------------------

    def action_switch(self) -> None:
        """Show it as YAML, or by meaning again."""
        self.is_yaml = not self.is_yaml
        self.pane.text.scroll_to_line(0)
        self.show()

    def action_step_older(self, by: int) -> None:
        """Take another revision for the left side; it stays older than the right one."""
        found = self._revisions()
        at = self._place(found, self.older) + by
        if self._place(found, self.newer) < at < len(found):
            self._choose(found[at])
            self.show()
        else:
            self.app.bell()

    def action_step_newer(self, by: int) -> None:
        """Take another revision for the right side, or now; it stays newer than the left one."""
        found = self._revisions()
        at = self._place(found, self.newer) + by
        if at == 0 and found[0].is_current:  # that is what runs now
            at += by
        if -1 <= at < self._place(found, self.older):
            self.newer = None if at < 0 else found[at]
            self.show()
        else:
            self.app.bell()

    @staticmethod
    def _place(found: tuple[Revision, ...], side: Revision | None) -> int:
        """Return the place among the revisions, newest first; now stands before all of them."""
        if side is None:
            return -1
        return next((at for at, one in enumerate(found) if one.uid == side.uid), len(found))

    def begin_undo(self, revision: int | None) -> None:
        """Go back to the left side that was chosen, or the revision that is suggested; ask where there is neither."""
        if revision is None and self._undoes_to is not None:
            revision = self._undoes_to.number
        super().begin_undo(revision)


def _keys(mode: str, target: Revision | None) -> StyledLine:
    undo = "u asks for a revision to undo to" if target is None else f"u undoes to revision {target.number}"
    words = f"v switches · [ ] < > step the sides · {undo}"
    return ((f"{mode} · ", Tone.PLAIN), (words, Tone.MUTED))
