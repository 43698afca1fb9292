"""The part of a capsule for people: problems with their chains, the timeline, actions, events and logs, as Markdown.

Invariants: text from the cluster stands in code blocks or is escaped, so that it cannot be formatted as anything else;
what looks like a secret is hidden, before it is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.redaction import redact_text
from k9py.api.text import printable
from k9py.capsule.capsule import Capsule
from k9py.capsule.file import fenced
from k9py.diagnosis.problem import TriageReport
from k9py.views.problems.report import summary_lines, why_lines
from k9py.views.values import StyledLine

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")
_MAX_EVENTS: Final = 100
_MAX_ENTRIES: Final = 200
_MAX_LINES: Final = 60


def report_lines(capsule: Capsule, report: TriageReport, now: datetime) -> list[str]:
    """Return the Markdown of a capsule without its data."""
    about = _name(capsule.subject) if capsule.subject is not None else _scope(capsule.namespaces)
    lines = [f"# Incident capsule: {_escaped(about)}", ""]
    lines += [
        f"Made by kdash {_escaped(capsule.kdash)} at {now:%Y-%m-%d %H:%M:%S} UTC, context {_escaped(capsule.context)}.",
        "",
    ]
    lines += [f"- {_escaped(note)}" for note in capsule.notes]
    lines += ["", "## Problems", ""]
    for problem in report.problems:
        lines += [*fenced([_plain(line) for line in why_lines(problem, now)]), ""]
    lines += [f"{_escaped(_plain(line))}" for line in summary_lines(report)]
    lines += _section("Timeline", _timeline(capsule.timeline))
    lines += _section("Actions taken with kdash", _actions(capsule.actions))
    lines += _section("Events", _events(capsule.objects))
    lines += _section("Logs", _logs(capsule.logs))
    lines += _section("Objects", _objects(capsule.objects))
    return lines


def _section(title: str, lines: Iterable[str]) -> list[str]:
    content = list(lines)
    return ["", f"## {title}", "", *(content or ["None."])]


def _timeline(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for number, entry in enumerate(entries):
        if number == _MAX_ENTRIES:
            yield "- older entries are in the data"
            return
        by = f" by {entry['by']}" if entry["by"] else ""
        about = entry["object"]
        yield f"- {entry['at']} {_escaped(about['kind'])} {_escaped(about['name'])}: " + _escaped(
            f"{entry['what']}{by} ({entry['source']})"
        )


def _actions(actions: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for line in actions:
        outcome = f": {line['outcome']}" if line.get("outcome") else ""
        text = f"{line.get('time')} {line.get('event')} {line.get('action')} {line.get('kind')} {line.get('name')}"
        yield f"- {_escaped(printable(f'{text}{outcome}'))}"


def _events(objects: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    events = [body for body in objects if body["kind"] == "Event"]
    events.sort(key=lambda body: str(body.get("lastTimestamp") or body.get("eventTime") or ""), reverse=True)
    rows = [_event(body) for body in events[:_MAX_EVENTS]]
    if rows:
        yield from fenced(rows)
    if len(events) > _MAX_EVENTS:
        yield f"{len(events) - _MAX_EVENTS} older ones are in the data."


def _event(body: Mapping[str, Any]) -> str:
    about = body.get("involvedObject") or {}
    at = body.get("lastTimestamp") or body.get("eventTime") or ""
    count = f" {body['count']}x" if (body.get("count") or 1) > 1 else ""
    about_text = f"{about.get('kind', '')} {about.get('name', '')}"
    return printable(f"{at} {body.get('type', '')} {body.get('reason', '')}{count} {about_text}: {body.get('message')}")


def _logs(logs: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for name, lines in logs.items():
        yield f"### {_escaped(printable(name))}"
        yield ""
        yield from fenced([printable(line) for line in lines[-_MAX_LINES:]])
        yield ""


def _objects(objects: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    counts: dict[str, int] = {}
    for body in objects:
        counts[str(body["kind"])] = counts.get(str(body["kind"]), 0) + 1
    for kind in sorted(counts):
        yield f"- {count_noun(counts[kind], _escaped(kind))}"


def _plain(line: StyledLine) -> str:
    return redact_text("".join(text for text, _ in line).rstrip())


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _scope(namespaces: tuple[str, ...]) -> str:
    return f"namespace {', '.join(namespaces)}" if namespaces else "the whole cluster"


def _name(ref: ObjectRef) -> str:
    return printable(str(ref))
