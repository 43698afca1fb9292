"""Operations from the dashboard: the dialogs that ask, and the strip that shows the outcome of each.

The path from an operation to a write is `k9py.operations.runner`; this package asks (`front_end`, `choose`), shows
(`operation_log`) and starts and stops (`operations`). To ask for inputs of a new type: a case in `choose`.
"""

from k9py.tui.operations.operations import Operations

__all__ = ["Operations"]
