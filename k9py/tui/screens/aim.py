"""What an action is meant for: what was under the cursor at one moment, and the one of several that a person chooses.

Invariant: nothing is taken unasked where there are several, and what was chosen is the object that was shown, by uid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k9py.api.meta import ObjectKey
from k9py.cluster.cluster import Cluster
from k9py.tui.dialogs.choose import ChoiceItem, ChooseDialog
from k9py.tui.screens.disabled_reasons import workload_disabled_reason
from k9py.views.current_state import current_rollout_state
from k9py.views.tones import rank_of, rollout_tone

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp


@dataclass(frozen=True, slots=True)
class Aim:
    """What was under the cursor at one moment: the object, and the pod where it is in a list of pods."""

    target: ObjectKey | None
    pod: ObjectKey | None


def choose_workload(
    app: KdashApp,
    cluster: Cluster,
    action: str,
    of: str,
    workloads: Sequence[ObjectKey],
    do: Callable[[ObjectKey], None],
) -> None:
    """Ask which of several workloads an action is for, and do it to that one.

    Those it cannot be done to are in the list too, last, and say why.

    Args:
        of: what they are behind, in words.
    """
    now = app.options.clock.now()
    refusals = {one: workload_disabled_reason(action, one, cluster) for one in workloads}
    views = [view for one in workloads if (view := cluster.queries.rollout_view(one, now)) is not None]
    shown = {str(view.key): view for view in views}
    choices = [
        ChoiceItem(
            str(view.key),
            f"{view.key.kind} {view.key.name}",
            refusals[view.key] or current_rollout_state(view, now).text,
        )
        for view in sorted(views, key=lambda one: (refusals[one.key] != "", rank_of(rollout_tone(one))))
    ]

    def chosen(name: str | None) -> None:
        if name is None:
            return
        key, uid = shown[name].key, shown[name].uid
        present = cluster.queries.object(key)
        is_other = present is not None and present.uid != uid
        why = f"{key.kind} {key.name} was deleted and made anew: look at it again first" if is_other else ""
        why = why or workload_disabled_reason(action, key, cluster)
        if why:
            app.show_message(why, failed=True)
        else:
            do(key)

    app.push_screen(ChooseDialog(f"Which workload of {of}?", choices), chosen)
