"""The part of a capsule for people: problems with their chains, the timeline, actions, events and logs, as Markdown.

Invariants: text from the cluster stands in code blocks or is escaped, so that it cannot be formatted as anything else;
what looks like a secret is hidden, before it is escaped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.redaction import redact_text
from k9py.api.text import printable
from k9py.api.times import age
from k9py.capsule.capsule import Capsule
from k9py.capsule.file import fenced
from k9py.diagnosis.problem import TriageReport
from k9py.views.problems.report import summary_lines, why_lines
from k9py.views.problems.texts import cause_text, subject_text
from k9py.views.tones import severity_tone
from k9py.views.values import StyledLine, Tone

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~&@])")
"""What may have a meaning in Markdown, or in what a site adds to it: links, mentions, entities."""
_BEGINS_LIST: Final = re.compile(r"^(\s*\d*)([-+=.)])")
_MAX_EVENTS: Final = 100
_MAX_ENTRIES: Final = 200
_MAX_LINES: Final = 60
_MAX_OBJECT: Final = 48
"""Cells that the objects in the timeline are aligned to; longer ones are written in full."""


def report_lines(capsule: Capsule, report: TriageReport, now: datetime) -> list[str]:
    """Return the Markdown of a capsule without its data."""
    about = _name(capsule.subject) if capsule.subject is not None else _scope(capsule.namespaces)
    lines = [f"# Incident capsule: {_escaped(about)}", ""]
    lines += [
        f"Made by kdash {_escaped(capsule.kdash)} at {_moment(capsule.at)} UTC in context {_code(capsule.context)}."
    ]
    if capsule.notes:
        lines += ["", "Not in this capsule, or not certain:", "", *(f"- {_escaped(note)}" for note in capsule.notes)]
    lines += ["", "## Problems", "", *fenced([*map(_plain, _overview(report, now))])]
    for number, problem in enumerate(report.problems, 1):
        title = f"{problem.severity.label}: {_code(subject_text(problem))}"
        place = f" in {_code(problem.subject.namespace)}" if problem.subject.namespace else ""
        lines += ["", f"### {number}. {title}{place}", "", *fenced([*map(_plain, why_lines(problem, now))])]
    lines += _section("Timeline", _timeline(capsule.timeline))
    lines += _section("Actions taken with kdash", _actions(capsule.actions))
    lines += _section("Warning events", _events(capsule.objects))
    lines += _section("Logs", _logs(capsule.logs))
    lines += _section("Objects", _objects(capsule.objects))
    return lines


def _overview(report: TriageReport, now: datetime) -> Iterator[StyledLine]:
    """Yield a line for each problem, and the summary."""
    for number, problem in enumerate(report.problems, 1):
        tone = severity_tone(problem.severity)
        since = f"  {age(problem.since, now)}" if problem.since is not None else ""
        text = f"{number:>3}. {tone.symbol} {problem.severity.label:<9} {subject_text(problem)}  {cause_text(problem)}"
        yield ((text, Tone.PLAIN), (since, Tone.MUTED))
    yield from summary_lines(report)


def _section(title: str, lines: Iterable[str]) -> list[str]:
    content = list(lines)
    while content and not content[-1]:
        content.pop()
    return ["", f"## {title}", "", *(content or ["None."])]


def _timeline(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the timeline, the oldest entry first: it is read as a story."""
    shown = [(_moment(entry["at"]), _about(entry["object"]), entry) for entry in reversed(entries[:_MAX_ENTRIES])]
    width = min(_MAX_OBJECT, max((len(about) for _, about, _ in shown), default=0))
    rows = []
    for at, about, entry in shown:
        count = f" (×{entry['count']:,})" if entry.get("count", 1) > 1 else ""
        by = f" by {entry['by']}" if entry["by"] else ""
        approximate = "~" if entry.get("approximate") else " "
        rows.append(_line(f"{approximate}{at}  {about:<{width}}  {entry['what']}{count}{by}  ({entry['source']})"))
    if len(entries) > _MAX_ENTRIES:
        yield f"{count_noun(len(entries) - _MAX_ENTRIES, 'older entry', 'older entries')} in the data."
        yield ""
    if rows:
        yield from fenced(rows)


def _actions(actions: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each action, with what became of it."""
    begun: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
    for number, line in enumerate(actions):
        _, outcomes = begun.setdefault(str(line.get("id") or number), (line, []))
        if line.get("outcome"):
            outcomes.append(str(line["outcome"]))
    rows = []
    for line, outcomes in begun.values():
        outcome = f": {', then '.join(dict.fromkeys(outcomes))}" if outcomes else ""
        about = {key: line.get(key) or "" for key in ("kind", "namespace", "name")}
        by = f" by {line['user']}" if line.get("user") else ""
        rows.append(_line(f"{_moment(line.get('time'))}  {line.get('action')} {_about(about)}{outcome}{by}"))
    if rows:
        yield from fenced(rows)


def _events(objects: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    events = [body for body in objects if body["kind"] == "Event"]
    warnings = [body for body in events if body.get("type") == "Warning"]
    warnings.sort(key=lambda body: str(body.get("lastTimestamp") or body.get("eventTime") or ""), reverse=True)
    rows = [_event(body) for body in warnings[:_MAX_EVENTS]]
    if rows:
        yield from fenced(rows)
    if len(events) > len(rows):
        yield ""
        yield f"{count_noun(len(events) - len(rows), 'more event')} in the data."


def _event(body: Mapping[str, Any]) -> str:
    about = body.get("involvedObject") or {}
    series = body.get("series") or {}
    at = series.get("lastObservedTime") or body.get("lastTimestamp") or body.get("eventTime")
    times = series.get("count") or body.get("count") or 1
    count = f" (×{times})" if times > 1 else ""
    return _line(f"{_moment(at)}  {_about(about)}  {body.get('reason', '')}: {body.get('message', '')}{count}")


def _logs(logs: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for name, lines in logs.items():
        yield f"### {_code(name)}"
        yield ""
        if len(lines) > _MAX_LINES:
            yield f"The last {_MAX_LINES} of {len(lines)} lines."
            yield ""
        yield from fenced([printable(line) for line in lines[-_MAX_LINES:]] or ["(no lines)"])
        yield ""


def _objects(objects: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    counts = Counter(str(body["kind"]) for body in objects)
    if counts:
        yield ", ".join(f"{counts[kind]:,} {_escaped(printable(kind))}" for kind in sorted(counts)) + "."


def _about(ref: Mapping[str, Any]) -> str:
    place = f" in {ref['namespace']}" if ref.get("namespace") else ""
    return f"{ref.get('kind', '')} {ref.get('name', '')}{place}"


def _moment(at: Any) -> str:
    """Return a time of the API without fractions of a second, as it was written where it is none."""
    text = str(at or "").partition(".")[0].removesuffix("Z").replace("T", " ", 1)
    return text or "at an unknown time"


def _line(text: str) -> str:
    return redact_text(printable(text))


def _code(text: str) -> str:
    """Return text as a code span, whatever is in it."""
    shown = _line(text)
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if "`" in shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}" if shown.strip() else "–"


def _plain(line: StyledLine) -> str:
    return redact_text("".join(text for text, _ in line).rstrip())


def _escaped(text: str) -> str:
    return _BEGINS_LIST.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", printable(text)))


def _scope(namespaces: tuple[str, ...]) -> str:
    return f"namespace {', '.join(namespaces)}" if namespaces else "the whole cluster"


def _name(ref: ObjectRef) -> str:
    return printable(str(ref))
