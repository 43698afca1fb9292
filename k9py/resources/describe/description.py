"""Describe an object: the entry for both front ends.

The order is that of an incident: state, findings, what the kind puts first (containers, pods, endpoints), conditions,
events, details, metadata. Secrets are hidden before a describer reads the object, so no section can show one.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from functools import cache
from itertools import zip_longest
from typing import Any

from k9py.api.meta import ObjectRef
from k9py.api.redaction import redact, redact_text
from k9py.resources import describe as modules
from k9py.resources.describe.describer import (
    EVENTS,
    POD_EVENTS,
    PODS,
    DescribeContext,
    Describer,
    RelatedRequest,
    event_request,
)
from k9py.resources.describe.generic import GENERIC
from k9py.resources.describe.json_fields import JsonObject, object_at, text_at, without_long_texts
from k9py.resources.describe.lines import (
    condition_findings,
    conditions,
    deletion_line,
    events,
    metadata,
    moment,
    owner_line,
)
from k9py.views.describe import DescribeLine, Section, line, section


@cache
def built_in_describers() -> dict[tuple[str, str], Describer]:
    """Return the describers of kdash by group and kind."""
    names = [module.name for module in pkgutil.iter_modules(modules.__path__, f"{modules.__name__}.")]
    families = (importlib.import_module(name) for name in names if name != __name__)
    describers = (describer for module in families for describer in getattr(module, "DESCRIBERS", ()))
    return {(describer.group, describer.kind): describer for describer in describers}


def describer_of(ref: ObjectRef, own: Describer | None = None) -> Describer:
    """Return how an object is described.

    Args:
        ref: The object.
        own: The describer of its descriptor (`Resource.describe`), None when it has none.
    """
    return own or built_in_describers().get((ref.group, ref.kind), GENERIC)


def requests_of(ref: ObjectRef, body: JsonObject, own: Describer | None = None) -> tuple[RelatedRequest, ...]:
    """Return what is read besides an object: its events, and what its kind needs."""
    uid = text_at(body, "metadata", "uid")
    about = event_request(ref.kind, ref.namespace, ref.name, uid)
    return (about, *describer_of(ref, own).requests(body))


def describe(
    ref: ObjectRef, body: JsonObject, context: DescribeContext, own: Describer | None = None
) -> tuple[Section, ...]:
    """Return the description of an object.

    Args:
        ref: The object.
        body: Its whole JSON.
        context: The time, and what was read besides the object.
        own: The describer of its descriptor (`Resource.describe`).
    """
    describer = describer_of(ref, own)
    hides = not context.shows_secrets
    shown: JsonObject = body
    if describer.is_secret:
        shown = {**body, "metadata": redact(object_at(body, "metadata"))} if hides else body
    else:
        whole = without_long_texts(body)
        shown = redact(whole) if hides else whole
    known = describer.description(shown, context)
    now = context.now
    title = str(ref)
    has_owner = any(shown_line and shown_line.label == "controlled by" for shown_line in known.head)
    head = section(
        title,
        [
            deletion_line(shown, now),
            *context.status,
            *known.head,
            None if has_owner else owner_line(shown),
            line("age", moment(object_at(shown, "metadata").get("creationTimestamp"), now)),
        ],
    )
    # Diagnosis has read more than the object; what only its JSON says would repeat it in other words.
    findings = context.findings or known.findings or tuple(condition_findings(shown, now))
    parts = (
        head,
        section("Findings", (redact_line(finding) if hides else finding for finding in findings)),
        *context.sections,
        *known.urgent,
        *((conditions(shown, now),) if known.has_conditions else ()),
        _events(ref, context),
        *known.details,
        metadata(shown, now),
    )
    return tuple(
        part
        for part, following in zip_longest(parts, parts[1:])
        if part.lines or part is head or (following is not None and following.depth > part.depth)
    )


def redact_line(shown: DescribeLine) -> DescribeLine:
    """Return a line with what looks like a secret hidden: a message may repeat one."""
    return replace(shown, text=redact_text(shown.text))


def _events(ref: ObjectRef, context: DescribeContext) -> Section:
    pods = {text_at(pod, "metadata", "name") for pod in context.known(PODS)} if ref.kind != "Node" else set()
    of_pods = [e for e in context.known(POD_EVENTS) if text_at(e, "involvedObject", "name") in pods]
    about = context.objects(EVENTS)
    if context.shows_secrets:
        return events(ref.name, about, of_pods, context.now)
    hidden: Any = redact(about) if isinstance(about, tuple) else about
    return events(ref.name, tuple(hidden) if isinstance(hidden, list) else hidden, redact(of_pods), context.now)
