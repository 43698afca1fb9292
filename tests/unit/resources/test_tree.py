"""The lines of a tree: branches, order, folding, cycles, limits."""

from __future__ import annotations

from k9py.api.meta import ObjectRef
from k9py.resources.tree import Dependent, TreeItem, TreeLine, state_of, tree_lines
from k9py.views.values import Cell, Column, Row, Tone


def item(name: str, kind: str = "Pod", tone: Tone = Tone.PLAIN) -> TreeItem:
    return TreeItem(ObjectRef(kind, "shop", name), name, tone=tone)


def lines(tree: dict[str, list[Dependent]], root: str, *folded: str, limit: int = 100) -> list[str]:
    refs = [ObjectRef("Pod", "shop", name) for name in folded]
    result = tree_lines(
        item(root), lambda owner: tree.get(owner.item.ref.name, []), is_folded=lambda ref: ref in refs, limit=limit
    )
    return [written(line) for line in result]


def written(line: TreeLine) -> str:
    if line.item is None:
        return f"{line.hidden} more"
    relation = f"{line.relation} " if line.relation else ""
    return f"{line.prefix}{relation}{line.item.ref.name}" + (f" +{line.hidden}" if line.is_folded else "")


def owned(*names: str) -> list[Dependent]:
    return [Dependent(item(name)) for name in names]


def test_dependents_are_below_their_owners() -> None:
    tree = {"a": owned("b", "c"), "b": owned("d", "e"), "c": owned("f")}
    assert lines(tree, "a") == ["a", "├─ b", "│  ├─ d", "│  └─ e", "└─ c", "   └─ f"]


def test_failing_dependents_come_first_and_other_relations_last() -> None:
    failing = Dependent(item("z", tone=Tone.FAIL))
    tree = {"a": [Dependent(item("s", "Service"), "selected by"), *owned("b"), failing]}
    assert lines(tree, "a") == ["a", "├─ z", "├─ b", "└─ selected by s"]


def test_a_cycle_ends_and_everything_is_shown_once() -> None:
    tree = {"a": owned("b", "c"), "b": owned("a", "c"), "c": owned("b")}
    assert lines(tree, "a") == ["a", "├─ b", "└─ c"]


def test_folded_dependents_are_counted() -> None:
    tree = {"a": owned("b", "c"), "b": owned("d"), "d": owned("e", "f")}
    assert lines(tree, "a", "b") == ["a", "├─ b +3", "└─ c"]
    assert lines(tree, "a", "c") == ["a", "├─ b", "│  └─ d", "│     ├─ e", "│     └─ f", "└─ c"]


def test_a_tree_that_is_too_large_counts_what_is_left_out() -> None:
    assert lines({"a": owned(*[f"p{number:02}" for number in range(30)])}, "a", limit=3) == [
        "a",
        "├─ p00",
        "├─ p01",
        "4 more",
    ]


def test_a_chain_may_be_deeper_than_recursion_allows() -> None:
    tree = {f"{number}": owned(f"{number + 1}") for number in range(3000)}
    assert len(lines(tree, "0", limit=5000)) == 3001


def test_the_state_is_told_by_the_columns_that_hold_it() -> None:
    columns = (Column("name", "NAME"), Column("status", "STATUS"), Column("ready", "READY"), Column("ip", "IP"))
    row = Row(ObjectRef("Pod", "", "a"), (Cell("a"), Cell("Running"), Cell("1/1"), Cell("10.0.0.1")))
    assert state_of(columns, row) == "1/1 · Running"
    assert state_of(columns[2:3], Row(row.key, (Cell("3"),))) == "ready 3"
    desired = (Column("desired", "DESIRED"), *columns[2:3])
    assert state_of(desired, Row(row.key, (Cell("3"), Cell("2")))) == "2/3"
    assert state_of(columns[3:], Row(row.key, (Cell("10.0.0.1"),))) == ""
