"""The head of a detail screen: what the object is, how it stands, and what is wrong, the cause first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text
from textual.widgets import Static

from k9py.api.kinds import HORIZONTAL_POD_AUTOSCALER
from k9py.api.meta import Condition
from k9py.api.text import printable
from k9py.api.times import age
from k9py.cluster.queries import Queries
from k9py.cluster.views import RolloutView, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.tui.theme import palette_for
from k9py.tui.widgets.folding import fold
from k9py.tui.widgets.text_view import TextLine, TextSpan
from k9py.views.rollouts import with_note
from k9py.views.services import endpoints_cell, target_text
from k9py.views.tones import finding_tone, rollout_tone, service_tone
from k9py.views.values import StyledLine, Tone

MAX_FINDINGS = 3
DEADLINE = "ProgressDeadlineExceeded"


@dataclass(frozen=True, slots=True)
class Summary:
    """A title with the state beside it, and the lines below."""

    title: str
    state: str
    tone: Tone
    lines: tuple[StyledLine, ...]


def rollout_summary(view: RolloutView, now: datetime, *, others: bool = True) -> Summary:
    """Return the head of a rollout's screen: its state with the cause, and (with `others`) what else is wrong."""
    status = view.status
    found = [
        one
        for one in view.findings
        if others
        and not (one.message in status.summary or (status.cause_message and _follows(one, status.cause_message)))
    ]
    return Summary(_title(view), with_note(status.summary, status), rollout_tone(view), tuple(_findings(found, now)))


def _follows(finding: Finding, cause: str) -> bool:
    """Tell whether a finding adds nothing to a named cause: how many pods have it is told beside their revision.

    That the deadline has passed is said beside the deadline.
    """
    return finding.reason == DEADLINE or finding.message.startswith(cause)


def rollout_facts(queries: Queries, view: RolloutView) -> StyledLine:
    """Return what runs, who it serves, and who sets its number of pods."""
    behind = [one.name for one in queries.services_of(view.key)]
    facts: list[tuple[str, Tone]] = []
    for label, text in (("image", ", ".join(view.status.images)), ("services", ", ".join(behind))):
        if text:
            facts += [(f"{label} ", Tone.MUTED), (f"{text}   ", Tone.PLAIN)]
    autoscaler = queries.autoscaler_of(view.key)
    if autoscaler is not None:
        bounds = f"{autoscaler.spec.min_replicas or 1} to {autoscaler.spec.max_replicas}"
        facts += [("autoscaler ", Tone.MUTED), (f"{autoscaler.name} {bounds}   ", Tone.PLAIN)]
    elif not queries.has_synced(HORIZONTAL_POD_AUTOSCALER.name):
        facts += [("autoscaler ", Tone.MUTED), ("unknown   ", Tone.UNKNOWN)]
    return tuple(facts)


def service_summary(view: ServiceView, now: datetime) -> Summary:
    """Return the head of a service's screen."""
    tone = service_tone(view)
    facts: list[tuple[str, Tone]] = []
    for label, text in (("type", view.type), ("ports", view.ports_text), ("target", target_text(view))):
        if text:
            facts += [(f"{label} ", Tone.MUTED), (f"{text}   ", Tone.PLAIN)]
    serving = f"{endpoints_cell(view, tone).text} endpoints serve" if view.total is not None else "endpoints unknown"
    state = f"{view.severity.label}, {serving}"
    return Summary(_title(view), state, tone, (tuple(facts), *_findings(view.findings, now)))


def no_pods_text(view: RolloutView) -> str:
    """Say why a rollout has no pods of its new revision."""
    if not view.has_synced_pods:
        return "pods have not been read"
    if view.status.desired == 0:
        return "no pods wanted"
    why = f": {view.status.cause_message}" if view.status.cause_message else ""
    return printable(f"no pod of the new revision{why}")


def _title(view: RolloutView | ServiceView) -> str:
    return f"{view.key.kind} {view.key.namespace}/{view.key.name}"


def _findings(findings: Sequence[Finding], now: datetime) -> list[StyledLine]:
    lines: list[StyledLine] = []
    for finding in findings[:MAX_FINDINGS]:
        tone = finding_tone(finding)
        symbol = tone.symbol if tone.symbol.strip() else "·"
        since = f", for {age(finding.since, now)}" if finding.since else ""
        lines.append(((f"{symbol} {finding.reason}  ", tone), (finding.message, Tone.PLAIN), (since, Tone.MUTED)))
    more = len(findings) - MAX_FINDINGS
    if more > 0:
        lines.append(((f"  and {more} more: d describes them", Tone.MUTED),))
    return lines


def condition_lines(conditions: Iterable[Condition] | None, now: datetime) -> list[StyledLine]:
    """Return the controller's own conditions, a line each, as it last said them."""
    lines: list[StyledLine] = []
    for one in conditions or ():
        wrong = one.status == "False" or (one.type.endswith("Failure") and one.status == "True")
        since = f"  {age(one.last_transition_time, now)}"
        said = f"  {one.message}" if one.message else ""
        lines.append(
            (
                (f"{one.type} ", Tone.MUTED),
                (f"{one.status} {one.reason}", Tone.WARN if wrong else Tone.PLAIN),
                (f"{since}{said}", Tone.MUTED),
            )
        )
    return lines


class ObjectSummary(Static):
    """The head of a detail screen, long lines folded; drawn anew only when it says something else."""

    DEFAULT_CSS = """
    ObjectSummary { height: auto; max-height: 9; width: 1fr; padding: 0 2; margin: 1 0 0 0; text-wrap: nowrap; }
    .-short ObjectSummary, .-narrow ObjectSummary { margin: 0; padding: 0 1; max-height: 5; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id)
        self.shown: Summary | None = None
        self._drawn: tuple[object, ...] = ()
        self._height = 0

    def show(self, summary: Summary) -> None:
        """Show a summary."""
        self.shown = summary
        room = self.app.size.width - self.styles.gutter.width
        drawn = (summary, room, palette_for(self.app).name)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        lines = summary_lines(summary, room)
        palette = palette_for(self.app)
        text = Text(no_wrap=True, overflow="ellipsis")
        for at, line in enumerate(lines):
            text.append("\n" if at else "")
            for span in line:
                text.append(span.text, palette.tone(span.tone))
        text.stylize("bold", 2, 2 + len(printable(summary.title)))
        same_height, self._height = self._height == len(lines), len(lines)
        self.update(text, layout=not same_height)

    def on_resize(self) -> None:
        """Fold anew to the width there is."""
        if self.shown is not None:
            self.show(self.shown)

    def show_message(self, text: str, tone: Tone) -> None:
        """Say that there is nothing (or not any longer), keeping what was shown below out of doubt."""
        self.show(Summary(text, "", tone, ()))


def summary_lines(summary: Summary, room: int) -> list[TextLine]:
    """Return the lines of a summary, each folded to so many cells."""
    symbol = summary.tone.symbol if summary.tone.symbol.strip() else "·"
    head = (
        (f"{symbol} ", summary.tone),
        (summary.title, Tone.PLAIN),
        ("  ", Tone.PLAIN),
        (summary.state, summary.tone),
    )
    lines: list[TextLine] = []
    for line in (head, *summary.lines):
        spans = tuple(TextSpan(printable(text), tone) for text, tone in line)
        lines += fold(spans, room, indent=2)
    return lines
