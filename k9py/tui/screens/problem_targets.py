"""What keys act on where a problem is selected: its subject, or the object that one of its steps names for the action.

Invariants: what a key acts on is what its step names on the screen: `problem_steps` is the source of both; the footer
names an object that is not the one of the row. No key is offered for an object that does not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from k9py.actions.action import Action, ActionScope
from k9py.api.kinds import NODE
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.tui.screens.paned_screen import PanedScreen
from k9py.tui.screens.targets import OBJECT_KEYS, CursorTargets, applies_to, pod_of
from k9py.views.problems import ProblemStep, object_text, problem_steps
from k9py.views.problems.steps import DELETE, LOGS, PREVIOUS_LOGS, absent_objects

if TYPE_CHECKING:
    from k9py.diagnosis.problem import Problem


PROBLEM_KEYS: Final = ("table.select", "problem.acknowledge", *OBJECT_KEYS)
"""What the footer begins with while a problem is selected."""
_ON_OBJECTS: Final = (ActionScope.OBJECT, ActionScope.KIND)


class ProblemTargetScreen(PanedScreen):
    """Base of the screens on which a problem can be selected."""

    _known_steps: tuple[Problem | None, tuple[ProblemStep, ...]] = (None, ())

    @property
    def selected_problem(self) -> Problem | None:
        """The problem that is selected."""
        return None

    def title_of(self, action: Action) -> str:
        problem, title = self.selected_problem, super().title_of(action)
        if problem is None:
            return title
        if action.id == "table.select":
            return "Chain"
        if action.id == "problem.acknowledge" and self.app_context.problems.is_acknowledged(problem):
            return "Show again"
        step = self._named_step(action.id)
        is_other = step is not None and step.target not in (problem.subject, self.target())
        return f"{title} {object_text(step.target)}" if step is not None and is_other else title

    def first_in_footer(self) -> tuple[str, ...]:
        return super().first_in_footer() if self.selected_problem is None else PROBLEM_KEYS

    def applies(self, action: Action) -> bool:
        target = self.target() if self.selected_problem is not None else None
        return super().applies(action) if target is None else self.is_for(action, target)

    def is_for(self, action: Action, target: ObjectRef) -> bool:
        """Return whether an action can be possible on an object, or is for what a step names."""
        if self._named_step(action.id) is not None:
            return True
        if target in self._absent() and action.scope in _ON_OBJECTS:
            return False
        if action.id == DELETE and target.kind == NODE.name and not target.group:
            return False  # deletes what the cluster knows of it, and repairs nothing
        return applies_to(action, target)

    def disabled_reason(self, action_id: str) -> str:
        target, action = self.target(), self._actions.by_id[action_id]
        is_named = self._named_step(action_id) is not None
        if target is not None and not is_named and action.scope in _ON_OBJECTS and target in self._absent():
            return printable(f"{target.qualified_kind} {target.name} does not exist")
        return super().disabled_reason(action_id)

    def _absent(self) -> frozenset[ObjectRef]:
        """Return the objects that the selected problem lacks."""
        problem = self.selected_problem
        return frozenset() if problem is None else absent_objects(problem)

    def targets_for(self, action_id: str) -> CursorTargets | None:
        step = self._named_step(action_id)
        if step is None:
            return super().targets_for(action_id)
        target = step.target
        return self.targets_at(target, pod_of(target))

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
