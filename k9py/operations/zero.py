"""Scale to zero, or back: an object at zero goes back to its previous number, which the user confirms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from k9py.operations.scale import Scale, ScaleInputs, replicas_of
from k9py.operations.target import Target


class Zero(Scale):
    """A scale whose number depends on the target. In the audit file it is a scale."""

    id = "zero"
    takes_several = False

    def inputs(self, **given: Any) -> ScaleInputs:
        return ScaleInputs()

    async def resolve(self, targets: Sequence[Target], inputs: ScaleInputs) -> ScaleInputs:
        """Return 0, or the former number as a suggestion for an object at 0."""
        if any(replicas_of(target.raw) for target in targets):
            return ScaleInputs(0)
        former = await targets[0].former_replicas()
        if former is None:
            return ScaleInputs(suggested=(1, "the previous number is unknown"))
        return ScaleInputs(suggested=(former, f"as before ({former})"))


OPERATIONS = (Zero(),)
