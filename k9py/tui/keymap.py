"""The keys of the dashboard as data: every binding has an id and words for the help screen and the footer.

Invariant: an id is `group.name`; the help screen is generated from the bindings in force, grouped by the id's first
part, so a key that is bound is a key that is explained. Which of them are allowed now is each screen's `check_action`.

To add a key: one `Binding` in the tuple of its group and `action_<name>` on `ClusterScreen` (or on the screen whose
tuple it is).
"""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

GROUPS: Final = {
    "act": "Change the cluster",
    "view": "Look closer",
    "pane": "Panes",
    "place": "Where",
    "program": "kdash",
    "table": "Tables",
    "source": "Logs: what is read",
    "log": "Logs: what is shown",
    "text": "Text",
}
"""Titles of the groups, in the order the help screen shows them; ids of other groups come last."""

ON_PODS: Final = frozenset({"delete_pod", "evict"})
"""Actions on the pod under the cursor."""

WRITES: Final = frozenset({"scale", "zero", "restart", "undo", "set_image", "pause", *ON_PODS})
"""Actions that change the cluster: greyed out in a read-only session."""

ACTING: Final = (
    Binding("s", "scale", "Scale", tooltip="Change the number of replicas", id="act.scale"),
    Binding("r", "restart", "Restart", tooltip="Replace every pod, one after the other", id="act.restart"),
    Binding("u", "undo", "Undo", tooltip="Roll back; the difference is shown first", id="act.undo"),
    Binding("i", "set_image", "Image", tooltip="Set the image of a container", id="act.image"),
    Binding("P", "pause", "Pause", tooltip="Pause a Deployment's rollout, or resume it", id="act.pause", show=False),
    Binding("Z", "zero", "Zero", tooltip="Scale to zero, and back to as many as before", id="act.zero", show=False),
    Binding(
        "ctrl+d", "delete_pod", "Delete pod", tooltip="Delete the pod under the cursor", id="act.delete", show=False
    ),
    Binding(
        "ctrl+e",
        "evict",
        "Evict",
        tooltip="Evict the pod under the cursor: its disruption budget is asked",
        id="act.evict",
        show=False,
    ),
    Binding("x", "stop", "Stop", tooltip="Of several: begin no further one", id="act.stop", show=False),
)

LOOKING: Final = (
    Binding("l", "logs", "Logs", tooltip="Logs of everything behind it, full screen", id="view.logs"),
    Binding("p", "previous_logs", "Previous", tooltip="Logs of the containers that ran before", id="view.previous"),
    Binding("d", "describe", "Describe", tooltip="Facts, findings and events", id="view.describe"),
    Binding("y", "yaml", "YAML", tooltip="The whole object as the server has it", id="view.yaml"),
)

PLACES: Final = (
    Binding("n", "namespaces", "Namespaces", tooltip="Choose a namespace", id="place.namespaces", show=False),
    Binding("0", "all_namespaces", "All namespaces", tooltip="Show all namespaces", id="place.all", show=False),
    Binding("c", "contexts", "Contexts", tooltip="Choose another cluster", id="place.contexts", show=False),
)

PROGRAM: Final = (
    Binding("colon", "command_line", "Command", tooltip="Type a command", id="program.command", key_display=":"),
    Binding("question_mark", "help", "Help", tooltip="All keys", id="program.help", key_display="?"),
    Binding("ctrl+r", "retry", "Retry now", tooltip="Not live: try again now instead of waiting", id="program.retry"),
)

BAR: Final = (
    "program.retry",
    "log.search",
    "log.filter",
    "log.pause",
    "source.leave_out",
    "source.patterns",
    "log.next_error",
    "view.logs",
    "view.describe",
    "view.yaml",
    "act.scale",
    "act.restart",
    "act.undo",
    "view.difference",
    "view.switch",
    "table.select",
    "pane.filter",
    "program.help",
    "place.namespaces",
    "place.contexts",
    "program.command",
    "act.image",
    "view.previous",
    "act.pause",
    "act.zero",
    "pane.mark",
    "pane.narrow",
    "table.sort",
    "text.secrets",
)
"""Ids of the keys in the last line, most useful first: what does not fit is left out from the end."""

BACK: Final = (
    Binding("escape", "back", "Back", tooltip="One step back, then where you came from", id="program.back", show=False),
    Binding("q", "leave", "Back", tooltip="Back to where you came from", id="program.leave", show=False),
)

APP: Final = (
    Binding("ctrl+c", "quit", "Quit", tooltip="Leave kdash", id="program.quit", show=False, priority=True),
    Binding("ctrl+x", "cancel_sign_in", "Cancel sign-in", tooltip="Cancel a sign-in", id="program.sign_in", show=False),
    Binding("ctrl+p", "command_palette", "Palette", tooltip="Find a command", id="program.palette", show=False),
    Binding(
        "ctrl+l",
        "redraw",
        "Redraw",
        tooltip="Draw the whole screen anew",
        id="program.redraw",
        show=False,
        priority=True,
    ),
    Binding(
        "ctrl+z",
        "suspend_process",
        "Suspend",
        tooltip="Suspend kdash; fg in the shell resumes it",
        id="program.suspend",
        show=False,
        priority=True,
    ),
)

CLUSTER_SCREEN: Final = (*ACTING, *LOOKING, *PLACES, *PROGRAM, *BACK)
"""Keys of every screen that shows an object of the cluster."""

PANES: Final = (
    Binding("tab", "next_pane", "Next pane", tooltip="Go to the next pane", id="pane.next", show=False),
    Binding("shift+tab", "previous_pane", "Pane before", tooltip="Go to the pane before", id="pane.before", show=False),
    Binding("1", "show_pane(1)", "Pane 1", tooltip="Go to the pane of that number", id="pane.first", show=False),
    Binding("2", "show_pane(2)", "Pane 2", tooltip="Go to the pane of that number", id="pane.second", show=False),
    Binding("3", "show_pane(3)", "Pane 3", tooltip="Go to the pane of that number", id="pane.third", show=False),
    Binding("4", "show_pane(4)", "Pane 4", tooltip="Go to the pane of that number", id="pane.fourth", show=False),
    Binding("5", "show_pane(5)", "Pane 5", tooltip="Go to the pane of that number", id="pane.fifth", show=False),
    Binding(
        "slash",
        "filter",
        "Filter",
        tooltip="Only rows or lines with these words",
        id="pane.filter",
        key_display="/",
    ),
)

DIFF: Final = Binding(
    "D,shift+d",
    "difference",
    "Diff",
    tooltip="What changed from the revision before to the present one",
    id="view.difference",
    key_display="D",
)
"""Where an object is under the cursor, and no revision."""

HOME: Final = (
    DIFF,
    Binding(
        "space",
        "mark",
        "Mark",
        tooltip="Mark it: s and r then act on all that are marked (Esc: none)",
        id="pane.mark",
        show=False,
    ),
    Binding(
        "space",
        "narrow",
        "Narrow",
        tooltip="Narrow the other panes to it (Esc: all)",
        id="pane.narrow",
        show=False,
    ),
)
"""Keys of the home screen alone."""

SERVICE: Final = (DIFF,)
"""Keys of a service's own screen."""

ROLLOUT: Final = (
    Binding(
        "D,shift+d",
        "difference",
        "Diff",
        tooltip="What changed between the revision under the cursor and now, or the marked one",
        id="view.difference",
        key_display="D",
    ),
    Binding("m", "mark", "Mark", tooltip="Mark the revision to compare others with", id="pane.mark", show=False),
)
"""Keys of a rollout's own screen."""

TEXT: Final = (
    Binding(
        "S,shift+s",
        "secrets",
        "Secrets",
        tooltip="Show values that look like secrets, or hide them again",
        id="text.secrets",
        key_display="S",
    ),
)
"""Keys of every screen of text about an object."""

DIFFERENCE: Final = (
    Binding("v", "switch", "Meaning/YAML", tooltip="By meaning, or as YAML", id="view.switch", key_display="v"),
    Binding(
        "left_square_bracket",
        "step_older(1)",
        "Older side back",
        tooltip="The left side: one revision back",
        id="view.older_back",
        show=False,
    ),
    Binding(
        "right_square_bracket",
        "step_older(-1)",
        "Older side on",
        tooltip="The left side: one revision on",
        id="view.older_on",
        show=False,
    ),
    Binding(
        "less_than_sign",
        "step_newer(1)",
        "Newer side back",
        tooltip="The right side: one revision back",
        id="view.newer_back",
        show=False,
    ),
    Binding(
        "greater_than_sign",
        "step_newer(-1)",
        "Newer side on",
        tooltip="The right side: one revision on",
        id="view.newer_on",
        show=False,
    ),
)
"""Keys of the difference between two revisions."""

LOG_PANE: Final = (
    Binding(
        "slash",
        "search",
        "Search",
        tooltip="Search all that is kept, by a regular expression (n, N: next, previous)",
        id="log.search",
        key_display="/",
    ),
    Binding(
        "ampersand",
        "filter_lines",
        "Filter",
        tooltip="Only lines with these words, or such as level>=warn .status>=500 pod=x !word",
        id="log.filter",
        key_display="&",
    ),
    Binding(
        "H",
        "highlight",
        "Highlight",
        tooltip="Words and /regular expressions/ to highlight, each in its own colour (Esc: none)",
        id="log.highlight",
        show=False,
    ),
    Binding(
        "c",
        "copy",
        "Copy",
        tooltip="Copy the line under the cursor, or the marked lines, as the container wrote them",
        id="log.copy",
        show=False,
    ),
    Binding(
        "ctrl+s",
        "save",
        "Save",
        tooltip="Save what is shown, or all that is kept, to a file",
        id="log.save",
        show=False,
    ),
    Binding("f", "screen.full_screen", "Full", tooltip="Lines alone on the whole screen", id="log.full", show=False),
)
"""Keys of every log pane, at home too."""

_RANGES: Final = (
    "The last 200 lines of each container, and what comes",
    "The beginning of each container's log; not followed",
    "The last minute, and what comes",
    "The last 5 minutes, and what comes",
    "The last 15 minutes, and what comes",
    "The last 30 minutes, and what comes",
    "The last hour, and what comes",
)

LOG_SCREEN: Final = (
    *(one for one in LOG_PANE if one.action != "search"),
    *(
        Binding(
            str(number), f"range({number})", f"Range {number}", tooltip=words, id=f"source.range_{number}", show=False
        )
        for number, words in enumerate(_RANGES)
    ),
    Binding("s", "hold", "Hold", tooltip="Hold the view, or follow again; lines are read on", id="log.pause"),
    Binding(
        "p",
        "previous_logs",
        "Previous",
        tooltip="What the containers wrote before their last restart (p, 0 to 6: what they write now)",
        id="source.previous",
    ),
    Binding("x", "leave_out", "Leave out", tooltip="Leave out pods, containers or levels", id="source.leave_out"),
    Binding(
        "X",
        "show_only",
        "Only",
        tooltip="Show only some pods, containers or levels; read init and ephemeral containers",
        id="source.show_only",
        show=False,
    ),
    Binding(
        "P", "patterns", "Patterns", tooltip="What the new revision says and the old did not", id="source.patterns"
    ),
    *(one for one in ACTING if one.action in ("restart", "undo")),
    *(one for one in LOOKING if one.action in ("describe", "yaml")),
    *(one for one in PLACES if one.action == "namespaces"),
    *PROGRAM,
    *BACK,
    *(one for one in PANES if one.action in ("next_pane", "previous_pane", "filter")),
)
"""All keys of the log screen: its own take the place of those that change the cluster, restart and undo excepted."""
