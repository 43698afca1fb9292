"""Why the API server refused to create a workload's pods: quota, admission, a missing service account.

Read from a ReplicaFailure condition or a FailedCreate event, whose message is the API server's own.
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
from k9py.api.pod_troubles import shorten
from k9py.api.pods import Pod
from k9py.api.text import printable

_QUOTA: Final = lazy_pattern(
    r"exceeded quota: (?P<name>[^,]+), requested: (?P<asked>.+), used: (?P<used>.+), limited: (?P<limit>.+?)\.?$", re.S
)
_FAILED_QUOTA: Final = lazy_pattern(r"failed quota: (?P<name>[^:]+): (?P<text>.+)$", re.S)
_ACCOUNT: Final = lazy_pattern(r'serviceaccount "(?P<name>[^"]+)" not found')
_WEBHOOK: Final = lazy_pattern(r'admission webhook "(?P<name>[^"]+)" denied the request:? ?(?P<text>.*)$', re.S)
_FORBIDDEN: Final = lazy_pattern(
    r'^(?:Error creating: |create Pod \S+ in \S+ \S+ failed error: )?(?:pods "[^"]*" is forbidden: )?'
)

_FRESH: Final = timedelta(minutes=20)
"""Controllers retry a refused creation at least this often; an older event tells of the past."""


def creation_failure(workload_uid: str, events: Iterable[Event], pods: Iterable[Pod], now: datetime) -> Cause | None:
    """Return why a workload's pods cannot be created, by its events; None when they could be since.

    Args:
        events: of any object; those about the workload itself count.
        pods: the workload's: one created after the last refusal disproves it.
    """
    about = [one for one in events if one.reason == "FailedCreate" and one.involved_object.uid == workload_uid]
    if not about:
        return None
    last = max(about, key=lambda one: one.last_seen or now)
    seen = last.last_seen
    if seen is None:
        return parse_creation_failure(last.message, None)
    if now - seen > _FRESH:
        return None
    made = max((at for pod in pods if (at := pod.metadata.creation_timestamp) is not None), default=None)
    if made is not None and made > seen:
        return None
    told = parse_creation_failure(last.message, None)
    # A controller that was restarted, or has said the same too often, begins another event.
    began = [
        at if made is None else max(at, made)
        for one in about
        if (at := one.first_seen) is not None
        and (made is None or (one.last_seen or at) >= made)
        and (one is last or parse_creation_failure(one.message, None).kind is told.kind)
    ]
    return replace(told, since=min(began, default=seen))


def parse_creation_failure(message: str, since: datetime | None) -> Cause:
    """Return the trouble that a refusal to create pods means.

    Args:
        message: as the condition or event has it; the pod's made-up name in it is left out.
    """
    quota = _QUOTA.search(message)
    if quota:
        words = f"requested {quota['asked']}, used {quota['used']}, limited to {quota['limit']}"
        name = printable(quota["name"])
        text = f"quota {name} is exceeded: {shorten(words)}"
        remedy = f"raise quota {name} or lower what its pods request"
        return Cause(CauseKind.QUOTA, "FailedCreate", text, since=since, remedy=remedy)
    failed = _FAILED_QUOTA.search(message)
    if failed:
        name = printable(failed["name"])
        text = f"quota {name} refuses its pods: {shorten(failed['text'])}"
        remedy = f"set the requests and limits quota {name} asks for"
        return Cause(CauseKind.QUOTA, "FailedCreate", text, since=since, remedy=remedy)
    account = _ACCOUNT.search(message)
    if account:
        name = printable(account["name"])
        text = f"service account {name} does not exist"
        remedy = f"create service account {name}"
        return Cause(CauseKind.ADMISSION, "FailedCreate", text, since=since, remedy=remedy)
    webhook = _WEBHOOK.search(message)
    if webhook:
        text = f"admission webhook {printable(webhook['name'])} refuses its pods: {shorten(webhook['text'])}"
        return Cause(CauseKind.ADMISSION, "FailedCreate", text, since=since)
    text = f"its pods cannot be created: {shorten(_FORBIDDEN.sub('', message, count=1))}"
    return Cause(CauseKind.ADMISSION, "FailedCreate", text, since=since)
