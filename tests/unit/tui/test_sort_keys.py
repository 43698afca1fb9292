"""The letters that sort tables: one for each column, and none that a screen with the table uses."""

from __future__ import annotations

import pytest

from k9py.actions.action import ActionScope
from k9py.actions.registry import BUILT_IN
from k9py.views import events, pods, rollouts, services
from k9py.views.values import Column

TABLES = {module.__name__.rpartition(".")[2]: module.COLUMNS for module in (events, pods, rollouts, services)}
BOUND = {
    key
    for action in BUILT_IN.in_scope(
        ActionScope.WORKLOAD,
        ActionScope.POD,
        ActionScope.OPERATION,
        ActionScope.OBJECT,
        ActionScope.CLUSTER,
        ActionScope.SCREEN,
        ActionScope.PANES,
        ActionScope.DIFF,
        ActionScope.HOME,
        ActionScope.REVISION,
        ActionScope.APP,
        ActionScope.TABLE,
    )
    for key in action.keys
}


@pytest.mark.parametrize("columns", TABLES.values(), ids=TABLES)
def test_every_column_has_a_capital_letter_of_its_own_that_no_other_key_uses(columns: tuple[Column, ...]) -> None:
    letters = [column.sort_key for column in columns]
    assert all(len(letter) == 1 and letter.isupper() for letter in letters)
    assert len(set(letters)) == len(letters)
    assert not BOUND & set(letters)
