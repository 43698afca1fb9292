"""What admission said of a write: a rule that refuses it, a webhook that could not be asked.

A webhook chooses the HTTP code of its refusal itself (400 when it names none), so the words decide, never the code.
Source: apiserver/pkg/admission/plugin/webhook/errors/statuserror.go, webhook/error.go, plugin/policy/validating.
To add a shape: an alternative in its pattern. The texts given are printable and bounded already.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_DENIED: Final = re.compile(
    r"""admission\ webhook\ "(?P<webhook>[^"]{1,253})"\ denied\ the\ request
    | (?P<kind>(?:Validating|Mutating)AdmissionPolicy)\ '(?P<policy>[^']{1,253})'
      .{0,300}?\ denied\ (?:the\ )?request""",
    re.VERBOSE,
)
_NOT_CALLED: Final = re.compile(r'failed calling webhook "(?P<name>[^"]{1,253})":?\s*(?P<why>.*)', re.DOTALL)
_NO_DRY_RUN: Final = re.compile(
    r"(?:do(?:es)? not|doesn't|not) support(?:ed)?(?: (?:for|with|in|on))? ?dry[- ]?run"
    r"|dry[- ]?run(?: \w+){0,2} (?:is )?not (?:be )?supported"
    r"|dryRun alpha feature is disabled"
    r"|Webhook SideEffects (?:is|are) nil",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Denial:
    """A refusal by a rule of the cluster: what is told, and the name of the webhook or policy."""

    message: str
    hint: str
    rule: str


def denial(told: str) -> Denial | None:
    """Return the refusal of an admission webhook or policy, None when the words are no such refusal."""
    found = _DENIED.search(told)
    if found is None:
        return None
    rule = found["webhook"] or found["policy"]
    what = "admission webhook" if found["webhook"] else found["kind"]
    return Denial(
        " ".join(told.split()), f"The {what} {rule} refuses this, not your rights; nothing was changed.", rule
    )


def webhook_not_called(told: str) -> tuple[str, str] | None:
    """Return message and hint when the server could not ask a webhook and so refused, None for anything else."""
    found = _NOT_CALLED.search(told)
    if found is None:
        return None
    why = found["why"].strip() or "no reason given"
    return (
        f"The server could not ask the admission webhook {found['name']}: {why}",
        "Without its answer the server refuses: nothing was changed. Make the webhook answer, then try again.",
    )


def no_dry_run(told: str) -> bool:
    """Tell whether the server refused a dry run as such: the write itself may well be accepted."""
    return _NO_DRY_RUN.search(told) is not None
