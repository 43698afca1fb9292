"""Why the API server refused to create a workload's pods: quota, admission, a missing service account.

Read from a ReplicaFailure condition or a FailedCreate event, whose message is the API server's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from k9py.objects.events import Event
from k9py.objects.pod_troubles import short
from k9py.objects.pods import Pod
from k9py.objects.text import printable
from k9py.objects.troubles import Trouble, TroubleKind

_QUOTA: Final = re.compile(
    r"exceeded quota: (?P<name>[^,]+), requested: (?P<asked>.+), used: (?P<used>.+), limited: (?P<limit>.+?)\.?$", re.S
)
_FAILED_QUOTA: Final = re.compile(r"failed quota: (?P<name>[^:]+): (?P<text>.+)$", re.S)
_ACCOUNT: Final = re.compile(r'serviceaccount "(?P<name>[^"]+)" not found')
_WEBHOOK: Final = re.compile(r'admission webhook "(?P<name>[^"]+)" denied the request:? ?(?P<text>.*)$', re.S)
_FORBIDDEN: Final = re.compile(
    r'^(?:Error creating: |create Pod \S+ in \S+ \S+ failed error: )?(?:pods "[^"]*" is forbidden: )?'
)

_FRESH: Final = timedelta(minutes=20)
"""Controllers retry a refused creation at least this often; an older event tells of the past."""


def refusal(workload_uid: str, events: Iterable[Event], pods: Iterable[Pod], now: datetime) -> Trouble | None:
    """Return why a workload's pods cannot be created, by its events; None when they could be since.

    Args:
        events: of any object; those about the workload itself count.
        pods: the workload's: one created after the last refusal disproves it.
    """
    last: Event | None = None
    for event in events:
        if event.reason == "FailedCreate" and event.involved_object.uid == workload_uid:
            last = max(last, event, key=lambda one: one.last_seen or now) if last else event
    if last is None:
        return None
    seen = last.last_seen
    if seen is None:
        return creation_trouble(last.message, None)
    if now - seen > _FRESH:
        return None
    for pod in pods:
        created = pod.metadata.creation_timestamp
        if created is not None and created > seen:
            return None
    return creation_trouble(last.message, last.first_timestamp or seen)


def creation_trouble(message: str, since: datetime | None) -> Trouble:
    """Return the trouble that a refusal to create pods means.

    Args:
        message: as the condition or event has it; the pod's made-up name in it is left out.
    """
    quota = _QUOTA.search(message)
    if quota:
        words = f"requested {quota['asked']}, used {quota['used']}, limited to {quota['limit']}"
        text = f"quota {printable(quota['name'])} is exceeded: {short(words)}"
        return Trouble(TroubleKind.QUOTA, "FailedCreate", text, since=since)
    failed = _FAILED_QUOTA.search(message)
    if failed:
        text = f"quota {printable(failed['name'])} refuses its pods: {short(failed['text'])}"
        return Trouble(TroubleKind.QUOTA, "FailedCreate", text, since=since)
    account = _ACCOUNT.search(message)
    if account:
        text = f"service account {printable(account['name'])} does not exist"
        return Trouble(TroubleKind.ADMISSION, "FailedCreate", text, since=since)
    webhook = _WEBHOOK.search(message)
    if webhook:
        text = f"admission webhook {printable(webhook['name'])} refuses its pods: {short(webhook['text'])}"
        return Trouble(TroubleKind.ADMISSION, "FailedCreate", text, since=since)
    text = f"its pods cannot be created: {short(_FORBIDDEN.sub('', message, count=1))}"
    return Trouble(TroubleKind.ADMISSION, "FailedCreate", text, since=since)
