"""Admission webhooks a test registers: they refuse, change what is written, fail to answer, or have side effects.

Invariant: worded as the API server words them (apiserver/pkg/admission/plugin/webhook/errors/statuserror.go); a dry run
meets them as a write does. To add a trouble: a field of `Webhook` and its step in `admitted`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from k9py.simulator.changes import Object
from k9py.simulator.failures import StatusError, bad_request
from k9py.simulator.faults import RequestMatch


@dataclass(slots=True)
class Webhook:
    """One webhook; what it does is done in the order of the fields.

    Args:
        name: as it is told in refusals.
        where: the writes it sees.
        has_side_effects: it cannot be asked during a dry run.
        fails: why it cannot be called, "" when it can; its failure policy is Fail.
        denies: code and message of its refusal, None when it lets everything in.
        mutates: makes of an object what is to be stored; called with the number of the call, from 1.
    """

    name: str
    where: RequestMatch = field(default_factory=RequestMatch)
    has_side_effects: bool = False
    fails: str = ""
    denies: tuple[int, str] | None = None
    mutates: Callable[[Object, int], Object] | None = None
    calls: int = 0


def admitted(webhooks: Sequence[Webhook], obj: Object, *, verb: str, resource: str, path: str, dry_run: bool) -> Object:
    """Return what the webhooks make of an object.

    Raises:
        ApiFailure: one of them refuses, cannot be asked, or does not support dry run.
    """
    for webhook in webhooks:
        if not webhook.where.matches(verb, resource, path):
            continue
        if dry_run and webhook.has_side_effects:
            raise bad_request(f'admission webhook "{webhook.name}" does not support dry run')
        webhook.calls += 1
        if webhook.fails:
            message = f'Internal error occurred: failed calling webhook "{webhook.name}": {webhook.fails}'
            raise StatusError(500, "InternalError", message, {"causes": [{"message": webhook.fails}]})
        if webhook.denies is not None:
            code, why = webhook.denies
            raise StatusError(code, "", f'admission webhook "{webhook.name}" denied the request: {why}')
        if webhook.mutates is not None:
            obj = webhook.mutates(obj, webhook.calls)
    return obj
