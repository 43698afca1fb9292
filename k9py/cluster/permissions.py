"""What the user may do, by namespace, as far as the server tells it without being asked for each thing.

One SelfSubjectRulesReview answers for a whole namespace, and is kept for a minute. Invariant: what is not known is
neither allowed nor forbidden: an authorizer that cannot list its rules leaves the answer incomplete.
Source: k8s.io/api/authorization/v1, `SubjectRulesReviewStatus`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from k9py.api.errors import KdashError
from k9py.api.resource_type import ResourceType

KEPT_SECONDS: Final = 60.0
"""How long an answer is kept: a role that was just granted counts after that time at the latest."""


class Permissions:
    """The rules of the namespaces that were asked for.

    Args:
        read_rules: returns the `status` of a SelfSubjectRulesReview of a namespace. Raises KdashError.
        now: monotonic seconds.
    """

    def __init__(self, read_rules: Callable[[str], Awaitable[Mapping[str, Any]]], now: Callable[[], float]) -> None:
        self._read_rules = read_rules
        self._now = now
        self._rules: dict[str, Mapping[str, Any]] = {}
        self._read_at: dict[str, float] = {}

    def claim(self, namespace: str) -> bool:
        """Return whether the caller has to `read` the rules: they are missing or old, and nobody reads them."""
        read_at = self._read_at.get(namespace)
        if read_at is not None and self._now() - read_at < KEPT_SECONDS:
            return False
        self._read_at[namespace] = self._now()
        return True

    async def read(self, namespace: str) -> bool:
        """Read the rules of a namespace; return whether they have changed. After a failure they are unknown."""
        before = self._rules.get(namespace)
        try:
            self._rules[namespace] = await self._read_rules(namespace)
        except KdashError:
            self._rules.pop(namespace, None)
        return self._rules.get(namespace) != before

    def allows(
        self, verb: str, resource_type: ResourceType, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        """Return whether the user may do something to an object; None when that is not known."""
        status = self._rules.get(namespace)
        if status is None:
            return None
        resource = f"{resource_type.plural}/{subresource}" if subresource else resource_type.plural
        for rule in status.get("resourceRules") or ():
            names = rule.get("resourceNames") or ()
            if (
                _has(rule.get("verbs"), verb)
                and _has(rule.get("apiGroups"), resource_type.group)
                and (_has(rule.get("resources"), resource) or _has(rule.get("resources"), f"*/{subresource}"))
                and (not names or name in names)
            ):
                return True
        return None if status.get("incomplete") or status.get("evaluationError") else False


def _has(values: Sequence[str] | None, value: str) -> bool:
    return value in (values or ()) or "*" in (values or ())
