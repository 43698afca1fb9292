"""Read an object back after a write with an unknown outcome: made, not made, or still unknown.

Invariant: `judged` is pure and never guesses: "made" means that the object contains the change or is gone as planned;
"not made" means that its spec is still the one the write was planned from; anything else stays unknown, and the text
names the finding.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from k9py.api.errors import ConnectionFailedError, KdashError, NotFoundError, UnavailableError
from k9py.api.text import printable
from k9py.operations.last_writer import last_writer
from k9py.operations.patcher import Reader
from k9py.operations.plan import WritePlan
from k9py.operations.proof import has_no_effect, misses, not_the_object, unmet
from k9py.operations.values import value_at

READ_BACK_SECONDS: Final = 20.0
"""How long reading back may take in total."""
_AGAIN_SECONDS: Final = 1.0
_LOOKS: Final = 2

Verdict = Literal["made", "not-made", "unknown"]


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The finding.

    Args:
        verdict: the outcome of the write.
        text: the same as a clause that follows "read back: ".
        present: the object as it is now; None: gone, or unreadable.
        is_final: it can no longer be made: the server has answered, or the version it was sent for is gone.
    """

    verdict: Verdict
    text: str
    current: Mapping[str, Any] | None = None
    is_final: bool = False


async def read_back(
    reader: Reader,
    plan: WritePlan,
    *,
    before: Mapping[str, Any] | None = None,
    previewed: Mapping[str, Any] | None = None,
    answer: Mapping[str, Any] | None = None,
    is_answered: bool = False,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> ReadBack:
    """Read the object back and determine the outcome; if it cannot be read, it stays unknown.

    Args:
        plan: as it was sent last.
        before: the object the write was planned from.
        previewed: what the dry run returned.
        answer: a successful response that does not prove the write.
        is_answered: the server has answered, so no request is in flight.
        sleep: waits before a second attempt, when the first failed for a temporary reason.
    """
    try:
        async with asyncio.timeout(READ_BACK_SECONDS):
            for left in reversed(range(_LOOKS)):
                try:
                    present: Mapping[str, Any] | None = await reader.get(plan.key)
                except NotFoundError:
                    present = None
                except (ConnectionFailedError, UnavailableError) as error:
                    if not left:
                        return _unread(error)
                    await sleep(_AGAIN_SECONDS)
                    continue
                return judged(plan, present, before=before, previewed=previewed, answer=answer, is_answered=is_answered)
    except KdashError as error:
        return _unread(error)
    except TimeoutError:
        pass
    return ReadBack("unknown", "it could not be read in time")


def judged(
    plan: WritePlan,
    present: Mapping[str, Any] | None,
    *,
    before: Mapping[str, Any] | None = None,
    previewed: Mapping[str, Any] | None = None,
    answer: Mapping[str, Any] | None = None,
    is_answered: bool = False,
) -> ReadBack:
    """Return the outcome of a write, from the object as it is now (None: there is none); arguments as of `look`."""
    is_answered |= answer is not None
    name = printable(str(plan.key))
    meta = (present or {}).get("metadata") or {}
    is_other = present is not None and str(meta.get("uid") or "") != plan.uid
    if plan.creates:
        return _creation(plan, name, present, is_answered=is_answered)
    if plan.request.verb != "patch":
        return _removal(plan, name, present, is_other=is_other, is_answered=is_answered)
    if present is None:
        return ReadBack("unknown", f"{name} is no longer there")
    if is_other:
        return ReadBack("unknown", f"{name} was deleted and recreated", present)
    is_same_version = str(meta.get("resourceVersion") or "") == plan.resource_version
    is_same_spec = int(meta.get("generation") or 0) == plan.generation > 0  # many types have none
    if is_same_version or (is_same_spec and plan.changes_spec):
        is_final = is_answered or not is_same_version
        return ReadBack("not-made", "nothing was changed" if is_final else "not made so far", present, is_final)
    # It was changed since: by this write, or by somebody else.
    if _holds(plan, present, before, previewed):
        return ReadBack("made", "it was made", present)
    if before is not None and has_no_effect(plan.request, before, present):
        # Something else has changed since; the version this was sent for is gone.
        return ReadBack("not-made", "nothing of the change was stored", present, True)
    if answer is not None and _is_of(plan, answer, present):
        return ReadBack("made", "it was made, and admission changed it", present)
    who = last_writer(present, before)
    return ReadBack("unknown", f"{name} was changed meanwhile{who} and does not contain this change", present)


def _creation(plan: WritePlan, name: str, present: Mapping[str, Any] | None, *, is_answered: bool) -> ReadBack:
    if present is None:
        text = f"{name} does not exist" + ("" if is_answered else " so far")
        return ReadBack("not-made", text, None, is_answered)
    if any(misses(plan.request, present)):
        return ReadBack("unknown", f"{name} exists and differs from what was sent", present)
    return ReadBack("made", f"{name} exists", present)


def _removal(
    plan: WritePlan, name: str, present: Mapping[str, Any] | None, *, is_other: bool, is_answered: bool
) -> ReadBack:
    if present is None:
        return ReadBack("made", f"{name} is gone")
    meta = present.get("metadata") or {}
    if is_other:
        return ReadBack("made", f"{name} is gone; another one has its name")
    if meta.get("deletionTimestamp"):
        return ReadBack("made", f"{name} is being deleted", present)
    is_final = is_answered or str(meta.get("resourceVersion") or "") != plan.resource_version
    text = f"{name} is still there and not being deleted" + ("" if is_final else " so far")
    return ReadBack("not-made", text, present, is_final)


def _holds(
    plan: WritePlan,
    present: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    previewed: Mapping[str, Any] | None,
) -> bool:
    if before is not None and has_no_effect(plan.request, before, present):
        return False
    return all(
        previewed is not None and value_at(previewed, path) == actual
        for path, _, actual in unmet(plan.request, present, before)
    )


def _is_of(plan: WritePlan, answer: Mapping[str, Any], present: Mapping[str, Any]) -> bool:
    """Return whether an object is the one in the server's response to the write, or a newer state with its values."""
    if not_the_object(plan, answer) or answer.get("kind") == "Status":
        return False
    return str(answer["metadata"]["resourceVersion"]) != plan.resource_version and all(
        value_at(answer, path) == actual for path, _, actual in misses(plan.request, present)
    )


def _unread(error: KdashError) -> ReadBack:
    return ReadBack("unknown", f"it could not be read: {printable(error.message)}")
