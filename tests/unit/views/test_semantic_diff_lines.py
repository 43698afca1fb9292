"""The semantic diff as lines that both front ends show."""

from __future__ import annotations

from k9py.rollouts.semantic_diff import SemanticChange
from k9py.views.semantic_diff import semantic_diff_lines


def texts(*changes: SemanticChange) -> list[str]:
    return ["".join(text for text, _ in line) for line in semantic_diff_lines(changes)]


def test_a_variable_a_label_and_an_annotation_are_called_what_they_are() -> None:
    assert texts(
        SemanticChange("env", "container app", "TTL", None, "45m"),
        SemanticChange("image", "container app", "image", "a:1", "a:2"),
        SemanticChange("labels", "pod", "tier", "web", None),
        SemanticChange("annotations", "pod", "checksum", "1", "2"),
        SemanticChange("env", "container app", "order of variables", "A, B", "B, A"),
    ) == [
        "container app",
        "  env TTL             added 45m",
        "  image               a:1 → a:2",
        "  order of variables  A, B → B, A",
        "pod",
        "  label tier           removed web",
        "  annotation checksum  1 → 2",
    ]


def test_a_field_whose_name_continues_with_its_value_has_the_verb_last() -> None:
    assert texts(
        SemanticChange("references", "container app", "environment from", None, "ConfigMap a"),
        SemanticChange("references", "container app", "environment from", "Secret b", None),
        SemanticChange("references", "container app", "environment from", "secret c", "secret d"),
        SemanticChange("restart", "pod", "restarted at", None, "2026-11-22T12:00:00Z"),
        SemanticChange("restart", "pod", "restarted at", "2026-11-22T12:00:00Z", None),
        SemanticChange("restart", "pod", "restarted at", "2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z"),
    ) == [
        "container app",
        "  environment from  ConfigMap a  added",
        "  environment from  Secret b  removed",
        "  environment from  secret c → secret d",
        "pod",
        "  restarted at  2026-11-22T12:00:00Z",
        "  restarted at  2026-11-22T12:00:00Z  removed",
        "  restarted at  2026-11-22T12:00:00Z → 2026-11-23T12:00:00Z",
    ]


def test_no_change_is_shown() -> None:
    assert texts() == ["the pod template is the same"]
