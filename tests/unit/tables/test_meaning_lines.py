"""The difference by meaning, as lines both faces show."""

from __future__ import annotations

from k9py.rollouts.meaning import MeaningChange
from k9py.tables.meaning import meaning_lines


def texts(*changes: MeaningChange) -> list[str]:
    return ["".join(text for text, _ in line) for line in meaning_lines(changes)]


def test_a_variable_a_label_and_an_annotation_are_called_what_they_are() -> None:
    assert texts(
        MeaningChange("env", "container app", "TTL", None, "45m"),
        MeaningChange("image", "container app", "image", "a:1", "a:2"),
        MeaningChange("labels", "pod", "tier", "web", None),
        MeaningChange("annotations", "pod", "checksum", "1", "2"),
        MeaningChange("env", "container app", "order of variables", "A, B", "B, A"),
    ) == [
        "container app",
        "  env TTL             added 45m",
        "  image               a:1 → a:2",
        "  order of variables  A, B → B, A",
        "pod",
        "  label tier           removed web",
        "  annotation checksum  1 → 2",
    ]


def test_no_change_is_said() -> None:
    assert texts() == ["the pod template is the same"]
