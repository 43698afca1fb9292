"""Lines that several kinds have: times, conditions, events, metadata, label selectors, quantities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from k9py.api.kinds import LAST_APPLIED
from k9py.api.quantities import parse_quantity
from k9py.api.text import shorten
from k9py.api.times import age, parse_rfc3339
from k9py.resources.describe.describer import Unread
from k9py.resources.describe.json_fields import (
    JsonObject,
    int_at,
    list_at,
    object_at,
    objects_at,
    scalar_text,
    text_at,
    texts_at,
    value_at,
)
from k9py.views.describe import DescribeLine, Section, line, section
from k9py.views.values import Tone

MAX_EVENTS: Final = 200
"""Events shown of an object and its pods, the newest."""

_GOOD_IF_FALSE: Final = ("Pressure", "Unavailable", "Failure", "Failed", "Degraded", "Stalled", "Dead", "Terminating")
_GOOD_IF_TRUE: Final = frozenset({
    "Ready", "ContainersReady", "Initialized", "PodScheduled", "Available", "Progressing", "AbleToScale",
    "ScalingActive", "Established", "NamesAccepted", "Healthy", "Synced", "Accepted", "Programmed", "DisruptionAllowed",
    "PodReadyToStartContainers",
})  # fmt: skip
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_OPERATORS: Final = {"In": "in", "NotIn": "not in", "Exists": "exists", "DoesNotExist": "does not exist"}


def unknown_line(label: str, unread: Unread) -> DescribeLine:
    """Return that something is not known, and why."""
    return line(label, f"unknown: {unread.reason}", Tone.UNKNOWN)


def value_line(label: str, body: Any, *path: str, tone: Tone = Tone.PLAIN) -> DescribeLine:
    """Return a line with the scalar, or the list of scalars, at a path."""
    return line(label, text_at(body, *path), tone)


def moment(value: Any, now: datetime) -> str:
    """Return a time of the API as `35m ago (2026-11-30 15:30:00 UTC)`; "" without one."""
    at = parse_rfc3339(value)
    if at is None:
        return scalar_text(value)
    relative = f"{age(at, now)} ago" if at <= now else f"in {age(now, at)}"
    return f"{relative} ({at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC)"


# -- conditions -------------------------------------------------------------------------------------------------------


def condition_tone(type_: str, status: str) -> Tone:
    """Return WARN for a condition that is known to mean trouble, UNKNOWN when its status is."""
    if status == "Unknown":
        return Tone.UNKNOWN
    is_bad = type_ in _GOOD_IF_TRUE if status == "False" else type_.endswith(_GOOD_IF_FALSE)
    return Tone.WARN if is_bad else Tone.PLAIN


def conditions(body: JsonObject, now: datetime) -> Section:
    """Return the section of `status.conditions`."""
    return section("Conditions", (_condition(condition, now) for condition in objects_at(body, "status", "conditions")))


def condition_findings(body: JsonObject, now: datetime) -> Iterator[DescribeLine]:
    """Yield a finding for each condition that is known to mean trouble."""
    for condition in objects_at(body, "status", "conditions"):
        type_, status = text_at(condition, "type"), text_at(condition, "status")
        if condition_tone(type_, status) is Tone.WARN:
            reason = text_at(condition, "reason")
            message = shorten(text_at(condition, "message"))
            at = parse_rfc3339(condition.get("lastTransitionTime"))
            text = f"{type_} is {status}{f': {message}' if message else ''}{f', for {age(at, now)}' if at else ''}"
            yield line(reason or type_, text, Tone.WARN)


def _condition(condition: JsonObject, now: datetime) -> DescribeLine:
    type_, status = text_at(condition, "type"), text_at(condition, "status")
    parts = [
        status,
        text_at(condition, "reason"),
        text_at(condition, "message").strip().removesuffix("."),
        *(
            f"{word} {moment(condition[name], now)}"
            for word, name in (
                ("since", "lastTransitionTime"),
                ("updated", "lastUpdateTime"),
                ("heartbeat", "lastHeartbeatTime"),
                ("probed", "lastProbeTime"),
            )
            if condition.get(name)
        ),
    ]
    return line(type_, " · ".join(filter(None, parts)), condition_tone(type_, status))


# -- events -----------------------------------------------------------------------------------------------------------


def events(name: str, own: tuple[JsonObject, ...] | Unread, others: Iterable[JsonObject], now: datetime) -> Section:
    """Return the section of events, newest first.

    Args:
        name: Of the object; the events of others name their own.
        own: Events of the object.
        others: Events of its pods.
    """
    lines = [unknown_line("", own)] if isinstance(own, Unread) else []
    by_uid: dict[str, JsonObject] = {}
    for event in (*(() if isinstance(own, Unread) else own), *others):
        by_uid[text_at(event, "metadata", "uid") or str(id(event))] = event
    newest = sorted(by_uid.values(), key=lambda event: _last_seen(event) or _EARLIEST, reverse=True)[:MAX_EVENTS]
    lines += [_event(name, event, now) for event in newest]
    none = line("", "none (the server keeps them for an hour or so)", Tone.MUTED)
    return section("Events", lines or [none])


def _event(name: str, event: JsonObject, now: datetime) -> DescribeLine:
    type_ = text_at(event, "type")
    times = max(int_at(event, "count"), int_at(event, "series", "count"), 1)
    first = parse_rfc3339(event.get("firstTimestamp")) or parse_rfc3339(event.get("eventTime"))
    over = f" over {age(first, now)}" if times > 1 and first else ""
    involved = object_at(event, "involvedObject")
    about = text_at(involved, "name")
    subject = "" if about == name else f"{text_at(involved, 'kind').lower()}/{about}"
    container = text_at(involved, "fieldPath")
    reporter = text_at(event, "source", "component") or text_at(event, "reportingComponent")
    origin = ", ".join(filter(None, (subject, container, f"from {reporter}" if reporter else "")))
    text = f"{type_} {text_at(event, 'reason')}{f' ×{times}{over}' if times > 1 else ''}: {text_at(event, 'message')}"
    seen = f"{age(_last_seen(event), now)} ago"
    return line(seen, f"{text}{f' ({origin})' if origin else ''}", Tone.WARN if type_ == "Warning" else Tone.PLAIN)


def _last_seen(event: JsonObject) -> datetime | None:
    places = (("series", "lastObservedTime"), ("lastTimestamp",), ("eventTime",), ("metadata", "creationTimestamp"))
    times = (parse_rfc3339(value_at(event, *place)) for place in places)
    return next((at for at in times if at is not None), None)


# -- metadata ---------------------------------------------------------------------------------------------------------


def owner_line(body: JsonObject) -> DescribeLine:
    """Return the owners: the controller first."""
    owners = sorted(objects_at(body, "metadata", "ownerReferences"), key=lambda owner: not owner.get("controller"))
    names = (
        f"{text_at(owner, 'kind')}/{text_at(owner, 'name')}{'' if owner.get('controller') else ' (not its controller)'}"
        for owner in owners
    )
    return line("controlled by", ", ".join(names))


def deletion_line(body: JsonObject, now: datetime) -> DescribeLine | None:
    """Return since when an object is being deleted, and what it waits for."""
    deleted = value_at(body, "metadata", "deletionTimestamp")
    if not deleted:
        return None
    finalizers = texts_at(body, "metadata", "finalizers")
    grace = text_at(body, "metadata", "deletionGracePeriodSeconds")
    waits = f", waits for {finalizers}" if finalizers else ""
    lasts = f", grace period {grace}s" if grace else ""
    return line("terminating", f"{moment(deleted, now)}{lasts}{waits}", Tone.BUSY)


def metadata(body: JsonObject, now: datetime) -> Section:
    """Return the section of metadata: what every object has."""
    meta = object_at(body, "metadata")
    annotations = {name: text for name, text in object_at(meta, "annotations").items() if name != LAST_APPLIED}
    return section(
        "Metadata",
        [
            value_line("name", meta, "name"),
            value_line("namespace", meta, "namespace"),
            line("API version", f"{text_at(body, 'apiVersion')} {text_at(body, 'kind')}".strip()),
            line("created", moment(meta.get("creationTimestamp"), now)),
            *named_lines("labels", object_at(meta, "labels"), "="),
            *named_lines("annotations", annotations, ": "),
            line("finalizers", texts_at(meta, "finalizers")),
            value_line("generation", meta, "generation"),
            value_line("UID", meta, "uid"),
        ],
    )


def named_lines(label: str, values: Mapping[str, Any], separator: str) -> list[DescribeLine]:
    """Return a line for each pair; only the first has the label."""
    return [
        line("" if index else label, f"{name}{separator}{scalar_text(value)}")
        for index, (name, value) in enumerate(values.items())
    ]


# -- selectors and quantities -----------------------------------------------------------------------------------------


def selector_text(selector: Any) -> str:
    """Return a LabelSelector, or a plain map of labels, as kubectl writes it; "" without one."""
    if not isinstance(selector, Mapping):
        return ""
    if "matchLabels" not in selector and "matchExpressions" not in selector:
        return ",".join(f"{name}={scalar_text(value)}" for name, value in selector.items())
    terms = [f"{name}={scalar_text(value)}" for name, value in object_at(selector, "matchLabels").items()]
    return ",".join([*terms, *map(requirement_text, objects_at(selector, "matchExpressions"))])


def query_selector(selector: Any) -> str:
    """Return a LabelSelector as a list request takes it; "" without one."""
    if not isinstance(selector, Mapping):
        return ""
    terms = [f"{name}={scalar_text(value)}" for name, value in object_at(selector, "matchLabels").items()]
    for requirement in objects_at(selector, "matchExpressions"):
        key, operator = text_at(requirement, "key"), text_at(requirement, "operator")
        values = ",".join(map(scalar_text, list_at(requirement, "values")))
        by_operator = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        if term := by_operator.get(operator, ""):
            terms.append(term)
    return ",".join(terms)


def requirement_text(requirement: JsonObject) -> str:
    """Return a requirement of a label or node selector: `zone in (a, b)`."""
    operator = text_at(requirement, "operator")
    values = list_at(requirement, "values")
    text = f"{text_at(requirement, 'key')} {_OPERATORS.get(operator, operator)}"
    return f"{text} [{', '.join(map(scalar_text, values))}]" if values else text


def quantity(value: Any) -> Decimal:
    """Return a resource quantity as a number, 0 where it is none."""
    try:
        return parse_quantity(value if isinstance(value, str | int | float) else "")
    except ValueError:
        return Decimal(0)


def quantity_text(value: Decimal, *, binary: bool) -> str:
    """Return a number as Kubernetes writes a quantity: with the largest suffix that leaves no fraction.

    Args:
        binary: For bytes (`Mi`), else `k`, `M`; a fraction is written in thousandths (`m`).
    """
    if value == 0:
        return "0"
    if value != value.to_integral_value():
        return f"{(value * 1000).to_integral_value():f}m"
    base = 1024 if binary else 1000
    suffixes = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei") if binary else ("", "k", "M", "G", "T", "P", "E")
    number, index = int(value), 0
    while number % base == 0 and index < len(suffixes) - 1:
        number, index = number // base, index + 1
    return f"{number}{suffixes[index]}"
