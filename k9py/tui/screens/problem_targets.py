"""What keys act on where a problem is selected: its subject, or the object that one of its steps names for the action.

Invariant: what a key acts on is what its step names on the screen: `problem_steps` is the source of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from k9py.actions.action import Action
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.tui.screens.paned_screen import PanedScreen
from k9py.tui.screens.targets import OBJECT_KEYS, CursorTargets, applies_to
from k9py.views.problems import ProblemStep, problem_steps
from k9py.views.problems.steps import LOGS, PREVIOUS_LOGS

if TYPE_CHECKING:
    from k9py.diagnosis.problem import Problem


PROBLEM_KEYS: Final = ("table.select", "problem.acknowledge", *OBJECT_KEYS)
"""What the footer begins with while a problem is selected."""


class ProblemTargetScreen(PanedScreen):
    """Base of the screens on which a problem can be selected."""

    _known_steps: tuple[Problem | None, tuple[ProblemStep, ...]] = (None, ())

    @property
    def selected_problem(self) -> Problem | None:
        """The problem that is selected."""
        return None

    def title_of(self, action: Action) -> str:
        is_problem = self.selected_problem is not None
        return "Chain" if is_problem and action.id == "table.select" else super().title_of(action)

    def first_in_footer(self) -> tuple[str, ...]:
        return super().first_in_footer() if self.selected_problem is None else PROBLEM_KEYS

    def applies(self, action: Action) -> bool:
        target = self.target() if self.selected_problem is not None else None
        return super().applies(action) if target is None else self.is_for(action, target)

    def is_for(self, action: Action, target: ObjectRef) -> bool:
        """Return whether an action can be possible on an object, or is for what a step names."""
        return self.targets_for(action.id) is not None or applies_to(action, target)

    def targets_for(self, action_id: str) -> CursorTargets | None:
        step = self._named_step(action_id)
        if step is None:
            return super().targets_for(action_id)
        target = step.target
        return self.targets_at(target, target if target.kind == POD.name and not target.group else None)

    def cursor_targets(self) -> CursorTargets:
        problem = self.selected_problem
        if problem is None:
            return super().cursor_targets()
        others: dict[str, ObjectRef] = {step.action: step.target for step in self.steps_of(problem) if step.action}
        return self.targets_at(self.target(), self.pod_target(), others)

    def _named_step(self, action_id: str) -> ProblemStep | None:
        problem = self.selected_problem
        if problem is None:
            return None
        return next((step for step in self.steps_of(problem) if step.action == action_id), None)

    def steps_of(self, problem: Problem) -> tuple[ProblemStep, ...]:
        """Return what helps; computed once: every key asks for it."""
        if self._known_steps[0] is not problem:
            self._known_steps = (problem, problem_steps(problem))
        return self._known_steps[1]

    def show_logs(self, *, previous: bool) -> None:
        step = self._named_step(PREVIOUS_LOGS if previous else LOGS)
        if step is None or not step.container or self.acting_target != step.target:
            super().show_logs(previous=previous)
            return
        self.keep_cursor(step.target)
        self.app_context.navigator.open_logs(step.target, previous=previous, container=step.container)
