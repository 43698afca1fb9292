"""The difference between two revisions of a rollout, or between one and now: a summary first, YAML on a key.

Invariants: the old side is always older than the new one; what runs now is the object's own template, read again when
its generation changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from k9py.actions.action import ActionScope
from k9py.actions.keys import KeyNames
from k9py.api.errors import KdashError, MissingPartError, NotFoundError, RefusedError
from k9py.api.kinds import is_workload
from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.cluster.queries import Queries
from k9py.operations.audit import AuditLog
from k9py.operations.revision_template import revision_template
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.undo_target import previous_revision, revision_of_number
from k9py.tui.answer.base import comparison_base
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.dialogs.difference import template_diff_lines
from k9py.tui.screens.text_screen import TextScreen
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.tui.widgets.toned_text import TextSpan
from k9py.tui.workers import start_worker
from k9py.views.revisions import revision_text
from k9py.views.values import StyledLine, Tone

CONTEXT_LINES: Final = 6
"""Lines around each change in the YAML."""
YAML: Final = "YAML"
SUMMARY: Final = "summary"
ADJACENT: Final = "the two revisions are adjacent already"


def compared_sides(
    queries: Queries, workload: ObjectRef, older: int | None = None, newer: int | None = None
) -> tuple[Revision, Revision | None]:
    """Return the revisions to compare, the older one first; the newer one is None for what runs now.

    Args:
        queries: Where the revisions are.
        workload: A Deployment, StatefulSet or DaemonSet.
        older: Number of a revision; None: the previous one.
        newer: Number of a revision; None: what runs now.

    Raises:
        RefusedError: There are no such revisions.
    """
    if not is_workload(workload):
        kind = workload.qualified_kind
        raise RefusedError(f"a {kind} has no revisions", "select a Deployment, StatefulSet or DaemonSet")
    revisions = queries.revisions_of(workload)
    if older is not None and newer is not None and older > newer:
        older, newer = newer, older
    if older is not None and older == newer:
        raise RefusedError(f"revision {older} is the same as revision {newer}", "choose two revisions")
    return (
        _previous(revisions, workload) if older is None else revision_of_number(revisions, older, str(workload)),
        None if newer is None else revision_of_number(revisions, newer, str(workload)),
    )


def _previous(revisions: tuple[Revision, ...], workload: ObjectRef) -> Revision:
    previous = previous_revision(revisions)
    if previous is not None:
        return previous
    if not revisions:
        raise RefusedError(f"the revisions of {workload} are not loaded yet", "wait until they are read")
    raise RefusedError(f"{workload} has only one revision", "there is nothing to compare it with")


class DifferenceScreen(TextScreen):
    """What changed from one revision to another.

    Args:
        older: the old side.
        newer: the new side, None for what runs now.
        is_chosen: the user chose the old side; else it is the one home compares with, and an undo goes to the suggested
            revision.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.DIFF_SCREEN)
    DEFAULT_CSS = """
    DifferenceScreen #sides { margin: 1 0 0 0; max-height: 4; }
    DifferenceScreen.-short #sides, DifferenceScreen.-narrow #sides { margin: 0; }
    """

    def __init__(
        self, context: AppContext, subject: ObjectRef, older: Revision, newer: Revision | None, *, is_chosen: bool
    ) -> None:
        super().__init__(context, subject, "Diff")
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
        self._show_sides()
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
        self._show_sides()

    async def _look_for_base(self) -> None:
        """Take the old side that home compares with, once, unless the user chose one."""
        connected, now = self.app_context.connected, self.app_context.options.clock.now()
        view = connected.cluster.queries.rollout_view(self.subject, now) if connected is not None else None
        if self._has_looked or connected is None or view is None:
            return
        lines = await asyncio.to_thread(AuditLog(self.app_context.options.audit_path).lines, view.uid)
        if self._undoes_to is not None:
            return  # the user chose a side meanwhile
        self._has_looked = True
        is_problem = view.severity.is_problem
        base = comparison_base(connected.cluster, view, lines, is_problem=is_problem)
        self.older = base.older or self.older
        self._undoes_to = base.target.revision if base.target is not None and is_problem else None

    def _choose(self, older: Revision) -> None:
        self.older = self._undoes_to = older
        self._has_looked = True

    def _show_sides(self) -> None:
        now = self.app_context.options.clock.now()
        view = YAML if self.is_yaml else SUMMARY
        self.sides.show(
            [
                (
                    (f"{self.subject.kind} {self.subject.namespace}/{self.subject.name}  ", Tone.PLAIN),
                    (revision_text(self.older, now), Tone.ACCENT),
                    (" → ", Tone.MUTED),
                    (self._newer_text(now), Tone.ACCENT),
                ),
                _keys_line(self.app_context.key_names, view, self._undoes_to, is_live=self.newer is None),
            ]
        )
        self.pane.set_note("", narrowing=view)

    def _newer_text(self, now: datetime) -> str:
        if self.newer is not None:
            return revision_text(self.newer, now)
        current = current_revision(self._revisions())
        return "now" if current is None else f"now, {revision_text(current, now)}"

    def _revisions(self) -> tuple[Revision, ...]:
        connected = self.app_context.connected
        return connected.cluster.queries.revisions_of(self.subject) if connected is not None else ()

    async def _template(self, side: Revision | None) -> Mapping[str, Any]:
        """Return the pod template of a side, read once (and again when the object changed).

        Raises:
            KdashError: it cannot be read, or holds no template.
        """
        connected = self.app_context.connected
        if connected is None:
            raise RefusedError("not connected", "wait until the cluster is back")
        if side is None:
            if self._now is None:
                raw = await connected.connection.get(self.subject)
                self._now = raw.get("spec", {}).get("template", {})
                self._generation = raw.get("metadata", {}).get("generation")
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
        """Fold long lines for the new width."""
        self.call_after_refresh(self.show)

    def session_changed(self) -> None:
        self._now = None
        self.show()

    def tick(self, changes: Changes) -> None:
        if not (changes.everything or self.subject in changes.rollouts):
            return
        connected = self.app_context.connected
        workload = connected.cluster.queries.workload(self.subject) if connected is not None else None
        if workload is not None and self._generation not in (None, workload.metadata.generation):
            self._now, self._generation = None, None
            self.show()

    # -- keys ---------------------------------------------------------------------------------------------------------

    def action_switch(self) -> None:
        """Toggle summary and YAML."""
        self.is_yaml = not self.is_yaml
        self.pane.text.scroll_to_line(0)
        self.show()

    def action_step_older(self, by: int) -> None:
        """Take another revision for the old side; it stays older than the new one."""
        revisions = self._revisions()
        at = self._place(revisions, self.older) + by
        if self._place(revisions, self.newer) < at < len(revisions):
            self._choose(revisions[at])
            self.show()
        else:
            self._no_step("no older revision is kept" if by > 0 else ADJACENT)

    def action_step_newer(self, by: int) -> None:
        """Take another revision for the new side, or now; it stays newer than the old one."""
        revisions = self._revisions()
        at = self._place(revisions, self.newer) + by
        if at == 0 and revisions[0].is_current:  # that is what runs now
            at += by
        if -1 <= at < self._place(revisions, self.older):
            self.newer = None if at < 0 else revisions[at]
            self.show()
        else:
            self._no_step(ADJACENT if by > 0 else "the right side is the newest revision already")

    def _no_step(self, reason: str) -> None:
        self.app.bell()
        self.app_context.show_message(reason, failed=True)

    @staticmethod
    def _place(revisions: tuple[Revision, ...], side: Revision | None) -> int:
        """Return the place among the revisions, newest first; now comes before all of them."""
        if side is None:
            return -1
        return next((at for at, revision in enumerate(revisions) if revision.uid == side.uid), len(revisions))

    def operate(self, action_id: str, **inputs: Any) -> None:
        """Roll back to the old side that was chosen, or to the suggested revision; ask where there is neither."""
        if action_id == "workload.undo" and inputs.get("revision") is None and self._undoes_to is not None:
            inputs["revision"] = self._undoes_to.number
        super().operate(action_id, **inputs)


def _keys_line(key_names: KeyNames, view: str, undo_to: Revision | None, *, is_live: bool) -> StyledLine:
    undo = "choose a revision to roll back to" if undo_to is None else f"roll back to revision {undo_to.number}"
    undo += "" if is_live or undo_to is None else " from now"
    other = "summary" if view == YAML else "YAML"
    keys = key_names.fill(
        f"{{diff.switch}} {other} · {{diff.older_back}} {{diff.older_forward}} left side"
        f" · {{diff.newer_back}} {{diff.newer_forward}} right side · {{workload.undo}} {undo}"
    )
    return ((f"{view} · ", Tone.PLAIN), (keys, Tone.MUTED))
