"""What a table shows in place of rows, and at its edge: loading, empty, forbidden, gone, not current. Pure.

Invariant: a table that is empty shows why, and how to go on; nothing that is unknown is shown as none.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from k9py.actions.keys import KeyNames
from k9py.api.errors import KdashError, NotFoundError
from k9py.api.plural import pluralize
from k9py.api.resource_type import ResourceType
from k9py.api.text import printable
from k9py.api.times import age, duration
from k9py.cluster.health import ClusterState, KindHealth
from k9py.cluster.metrics import MetricsHealth, MetricsState
from k9py.tui.browse.request import ResourceRequest
from k9py.views.values import Tone

OLD_SECONDS: Final = 30
"""Age from which measurements are shown with it: two polls."""


def noun_of(resource_type: ResourceType) -> str:
    """Return how many objects of a type are called: the plural, as kubectl writes it."""
    return printable(resource_type.shown_name)


def empty_text(
    request: ResourceRequest,
    health: KindHealth,
    *,
    scope: tuple[str, ...],
    keys: KeyNames,
    namespaces: Collection[str] = (),
) -> tuple[str, Tone]:
    """Return what a table without rows shows.

    Args:
        scope: The namespaces of the dashboard, () for the whole cluster.
        namespaces: Those that are known.
    """
    noun, place = noun_of(request.resource_type), request.place(scope)
    if health.state is ClusterState.STALE and isinstance(health.error, NotFoundError):
        return f"gone: the server no longer serves {noun}", Tone.WARN
    if health.is_unserved:
        return f"the server does not serve {noun}: unknown, not none", Tone.WARN
    match health.state:
        case ClusterState.FORBIDDEN:
            ways = "{cluster.namespaces} chooses namespaces · {app.back} goes back" if place else "{app.back} goes back"
            return f"{_sentence(health.error)} · {keys.fill(ways)}", Tone.WARN
        case ClusterState.UNREACHABLE:
            return f"{_sentence(health.error)} · {keys.fill('{app.retry} retries now')}", Tone.FAIL
    if not health.has_synced:
        so_far = f" {health.object_count:,} {noun}" if health.object_count else ""
        return f"loading{so_far}…", Tone.BUSY
    if request.object_name:
        return _not_found(request, place, namespaces), Tone.MUTED
    owner = "" if request.owner is None else f" of {printable(request.owner.kind)} {printable(request.owner.name)}"
    where = f" in {place}" if place and not owner else ""
    selectors = ", ".join(part for part in (request.label_selector, request.field_selector) if part)
    matching = f" that match {printable(selectors)}" if selectors else ""
    follows_scope = request.namespaces is None and bool(request.namespaces_in(scope))
    more = keys.fill(" · {cluster.all_namespaces} shows all namespaces") if follows_scope else ""
    return f"no {noun}{owner}{where}{matching}{more}", Tone.MUTED


def _not_found(request: ResourceRequest, place: str, namespaces: Collection[str]) -> str:
    """Return that no object has the name that was typed, which may have been meant as a namespace."""
    kind, name = printable(request.resource_type.kind.lower()), printable(request.object_name)
    if request.namespaces or not request.resource_type.namespaced or request.object_name in namespaces:
        return f"no {kind} is called {name}" + (f" in {place}" if place else "")
    where = "" if place == "all namespaces" else f" in {place}"
    near = [printable(match) for match in get_close_matches(request.object_name, sorted(namespaces), n=3)]
    nearest = f" · nearest: {pluralize(len(near), 'namespace')} {', '.join(near)}" if near else ""
    return f"no namespace and no {kind}{where} is called {name}{nearest}"


def state_text(resource_type: ResourceType, health: KindHealth, now: datetime, keys: KeyNames) -> str:
    """Return why the rows are not current, "" when they are."""
    since = "" if health.since is None else f" for {age(health.since, now)}"
    skipped = f"some {noun_of(resource_type)} cannot be decoded" if health.decode_error else ""
    match health.state:
        case ClusterState.LISTED:
            ago = "" if health.since is None else f" {age(health.since, now)} ago"
            text = f"listed{ago}: this type cannot be watched · {keys.fill('{app.retry} lists it again')}"
        case ClusterState.STALE if isinstance(health.error, NotFoundError):
            shown = ", shown as it was" if health.object_count else ""
            again = keys.fill("{app.retry} asks again")
            text = f"gone: the server no longer serves {noun_of(resource_type)}{shown}{since} · {again}"
        case ClusterState.STALE:
            text = f"stale{since}: {_sentence(health.error)}, {_retry(health, now)}"
        case ClusterState.FORBIDDEN if health.has_synced:
            text = f"stale: {_sentence(health.error)}"
        case ClusterState.UNREACHABLE if health.object_count:
            text = f"incomplete: {_sentence(health.error)}, {_retry(health, now)}"
        case _:
            text = ""
    return " · ".join(part for part in (text, skipped) if part)


def metrics_text(health: MetricsHealth, now: datetime) -> str:
    """Return how old the usage of pods or nodes is, or why it is unknown; "" when it is current."""
    match health.state:
        case MetricsState.NOT_INSTALLED | MetricsState.FORBIDDEN:
            return f"metrics {health.state.value}"
        case MetricsState.NOT_READ:
            return ""
    why = " · metrics unavailable" if health.state is MetricsState.UNAVAILABLE else ""
    seconds = (now - health.measured_at).total_seconds() if health.measured_at is not None else 0.0
    aged = f"metrics {age(health.measured_at, now)} ago" if seconds >= OLD_SECONDS else ""
    return f"{aged}{why}" if aged else why.removeprefix(" · ")


def _sentence(error: KdashError | None) -> str:
    return printable(error.message.rstrip(".")) if error is not None else "the server does not answer"


def _retry(health: KindHealth, now: datetime) -> str:
    if health.retry_at is None:
        return "retrying now"
    return f"retrying in {duration(max(0.0, (health.retry_at - now).total_seconds()))}"
