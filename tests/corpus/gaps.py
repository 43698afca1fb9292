"""Cases that kdash does not get right yet, with the reason. A case that is not listed must be right.

`python -m tests.corpus` prints what is wrong with each.
"""

from __future__ import annotations

from typing import Final

GAPS: Final[dict[str, str]] = {}
