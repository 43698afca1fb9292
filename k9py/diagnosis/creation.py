"""Explain why the API server rejects a workload's pods: a ResourceQuota, admission, a missing ServiceAccount.

Read from a ReplicaFailure condition or a FailedCreate event, which carry the API server's own message (`refusals`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.events import Event
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.pods import Pod
from k9py.api.text import shorten
from k9py.diagnosis.refusals import Refusal, RefusalKind, parse_refusal

_CALL: Final = lazy_pattern(r'^(?:failed to call webhook: )?(?:\w+ "[^"]*": )?', re.A)
_REASON: Final = "FailedCreate"

MAX_EVENT_AGE: Final = timedelta(minutes=20)
"""Controllers retry a failed creation at least this often; an older event describes the past."""


def last_creation_failure(workload_uid: str, events: Iterable[Event], now: datetime) -> Event | None:
    """Return the last event that a pod or claim of a workload could not be created, None when there is none.

    Of those seen last at the same time, the one about a claim explains the one about its pod.
    """
    failures = (event for event in events if event.reason == _REASON and event.involved_object.uid == workload_uid)
    return max(failures, key=lambda event: (event.last_seen or now, "Claim" in event.message), default=None)


def creation_failure(workload_uid: str, events: Iterable[Event], pods: Iterable[Pod], now: datetime) -> Cause | None:
    """Return why a workload's pods cannot be created, from its events; None if a pod was created since.

    Args:
        events: of any object; those about the workload itself count.
        pods: the workload's; one created after the last failure disproves it.
    """
    events = tuple(events)
    last = last_creation_failure(workload_uid, events, now)
    if last is None:
        return None
    seen = last.last_seen
    if seen is None:
        return parse_creation_failure(last.message, None)
    if now - seen > MAX_EVENT_AGE:
        return None
    created = max((at for pod in pods if (at := pod.metadata.creation_timestamp) is not None), default=None)
    if created is not None and created > seen:
        return None
    cause = parse_creation_failure(last.message, None)
    # A controller starts another event after a restart, or once it has repeated one too often.
    failures = [event for event in events if event.reason == _REASON and event.involved_object.uid == workload_uid]
    began = [
        at if created is None else max(at, created)
        for event in failures
        if (at := event.first_seen) is not None
        and (created is None or (event.last_seen or at) >= created)
        and (event is last or parse_creation_failure(event.message, None).kind is cause.kind)
    ]
    return replace(cause, since=min(began, default=seen))


def parse_creation_failure(message: str, since: datetime | None) -> Cause:
    """Return the cause that the API server's message names.

    Args:
        message: of the condition or event; the generated pod name in it is left out.
    """
    return refusal_cause(parse_refusal(message), since)


def refusal_cause(refusal: Refusal, since: datetime | None) -> Cause:
    """Return a refusal as a cause."""
    kind, text, remedy = _described(refusal)
    return Cause(kind, _REASON, text, since=since, remedy=remedy)


def amounts_text(amounts: Iterable[tuple[str, str]]) -> str:
    """Return amounts as the server writes them: `pods=1,requests.cpu=400m`."""
    return ",".join(f"{name}={value}" for name, value in amounts)


def _described(refusal: Refusal) -> tuple[CauseKind, str, str]:
    """Return the kind, the message and the remedy of a refusal."""
    name, text = refusal.name, refusal.text
    match refusal.kind:
        case RefusalKind.QUOTA_EXCEEDED:
            detail = (
                f"requested {amounts_text(refusal.requested)}, used {amounts_text(refusal.used)}, "
                f"limited to {amounts_text(refusal.limit)}"
            )
            remedy = f"raise ResourceQuota {name} or lower the pods' requests"
            return CauseKind.QUOTA, f"ResourceQuota {name} is exceeded: {shorten(detail)}", remedy
        case RefusalKind.QUOTA_UNSPECIFIED:
            remedy = f"set the requests and limits that ResourceQuota {name} requires"
            return CauseKind.QUOTA, f"ResourceQuota {name} rejects its pods: {text}", remedy
        case RefusalKind.QUOTA_UNKNOWN:
            return CauseKind.QUOTA, f"its pods cannot be created: {text}", ""
        case RefusalKind.SERVICE_ACCOUNT:
            return CauseKind.ADMISSION, f"ServiceAccount {name} not found", f"create ServiceAccount {name}"
        case RefusalKind.PRIORITY_CLASS:
            return CauseKind.ADMISSION, f"PriorityClass {name} not found", f"create PriorityClass {name}"
        case RefusalKind.RUNTIME_CLASS:
            return CauseKind.ADMISSION, f"RuntimeClass {name} not found", f"create RuntimeClass {name}"
        case RefusalKind.WEBHOOK_DENIED:
            return CauseKind.ADMISSION, f"admission webhook {name} denies its pods: {text}", ""
        case RefusalKind.WEBHOOK_FAILED:
            remedy = "bring the webhook's service back, or set its failurePolicy to Ignore"
            return CauseKind.ADMISSION, f"admission webhook {name} cannot be called: {_end_of(text)}", remedy
        case RefusalKind.POLICY:
            return CauseKind.ADMISSION, f"ValidatingAdmissionPolicy {name} denies its pods: {text}", ""
        case RefusalKind.POD_SECURITY:
            message = f'its pods cannot be created: violates PodSecurity "{name}": {text}'
            remedy = "change the securityContext of its template, or the namespace's pod-security label"
            return CauseKind.ADMISSION, shorten(message), remedy
        case RefusalKind.INVALID:
            return CauseKind.ADMISSION, f"its pods are invalid: {text}", "correct its pod template"
    return CauseKind.ADMISSION, f"its pods cannot be created: {text}", ""


def _end_of(text: str) -> str:
    """Return why a webhook cannot be called, without the address that the message repeats."""
    return _CALL.sub("", text, count=1) or text
