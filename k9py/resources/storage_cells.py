"""What the rows of volumes and claims share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from k9py.api.quantities import Quantity, amount
from k9py.api.text import printable
from k9py.views.values import Cell

_ACCESS_MODES: Final = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def access_modes(modes: Iterable[str] | None) -> str:
    """Return access modes as kubectl prints them: `RWO,RWX`."""
    given = set(modes or ())
    return ",".join(short for mode, short in _ACCESS_MODES.items() if mode in given)


def storage_cell(amounts: Mapping[str, Quantity] | None) -> Cell:
    """Return the storage of a capacity or request: `5Gi`; "" if it is not given, and sorted last."""
    storage = (amounts or {}).get("storage")
    return Cell("") if storage is None else Cell(printable(str(storage)), sort=amount(storage))
