"""Explain why the API server rejects a workload's pods: a ResourceQuota, admission, a missing ServiceAccount.

Read from a ReplicaFailure condition or a FailedCreate event, which carry the API server's own message.
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
from k9py.api.text import printable, shorten

_QUOTA: Final = lazy_pattern(
    r"exceeded quota: (?P<name>[^,]+), requested: (?P<asked>.+), used: (?P<used>.+), limited: (?P<limit>.+?)\.?$", re.S
)
_FAILED_QUOTA: Final = lazy_pattern(r"failed quota: (?P<name>[^:]+): (?P<text>.+)$", re.S)
_ACCOUNT: Final = lazy_pattern(r'serviceaccount "(?P<name>[^"]+)" not found')
_WEBHOOK: Final = lazy_pattern(r'admission webhook "(?P<name>[^"]+)" denied the request:? ?(?P<text>.*)$', re.S)
_FORBIDDEN: Final = lazy_pattern(
    r'^(?:Error creating: |create Pod \S+ in \S+ \S+ failed error: )?(?:pods "[^"]*" is forbidden: )?'
)
_REASON: Final = "FailedCreate"

_MAX_AGE: Final = timedelta(minutes=20)
"""Controllers retry a failed creation at least this often; an older event describes the past."""


def creation_failure(workload_uid: str, events: Iterable[Event], pods: Iterable[Pod], now: datetime) -> Cause | None:
    """Return why a workload's pods cannot be created, from its events; None if a pod was created since.

    Args:
        events: of any object; those about the workload itself count.
        pods: the workload's; one created after the last failure disproves it.
    """
    failures = [event for event in events if event.reason == _REASON and event.involved_object.uid == workload_uid]
    if not failures:
        return None
    last = max(failures, key=lambda event: event.last_seen or now)
    seen = last.last_seen
    if seen is None:
        return parse_creation_failure(last.message, None)
    if now - seen > _MAX_AGE:
        return None
    created = max((at for pod in pods if (at := pod.metadata.creation_timestamp) is not None), default=None)
    if created is not None and created > seen:
        return None
    cause = parse_creation_failure(last.message, None)
    # A controller starts another event after a restart, or once it has repeated one too often.
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
    quota = _QUOTA.search(message)
    if quota:
        detail = f"requested {quota['asked']}, used {quota['used']}, limited to {quota['limit']}"
        name = printable(quota["name"])
        text = f"ResourceQuota {name} is exceeded: {shorten(detail)}"
        remedy = f"raise ResourceQuota {name} or lower the pods' requests"
        return Cause(CauseKind.QUOTA, _REASON, text, since=since, remedy=remedy)
    failed = _FAILED_QUOTA.search(message)
    if failed:
        name = printable(failed["name"])
        text = f"ResourceQuota {name} rejects its pods: {shorten(failed['text'])}"
        remedy = f"set the requests and limits that ResourceQuota {name} requires"
        return Cause(CauseKind.QUOTA, _REASON, text, since=since, remedy=remedy)
    account = _ACCOUNT.search(message)
    if account:
        name = printable(account["name"])
        text = f"ServiceAccount {name} not found"
        remedy = f"create ServiceAccount {name}"
        return Cause(CauseKind.ADMISSION, _REASON, text, since=since, remedy=remedy)
    webhook = _WEBHOOK.search(message)
    if webhook:
        text = f"admission webhook {printable(webhook['name'])} denies its pods: {shorten(webhook['text'])}"
        return Cause(CauseKind.ADMISSION, _REASON, text, since=since)
    text = f"its pods cannot be created: {shorten(_FORBIDDEN.sub('', message, count=1))}"
    return Cause(CauseKind.ADMISSION, _REASON, text, since=since)
