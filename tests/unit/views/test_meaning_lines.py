"""The difference by meaning, as lines both faces show."""

from __future__ import annotations

from k9py.rollouts.semantic_diff import MeaningChange
from k9py.views.meaning import meaning_lines


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


def test_a_field_whose_name_leads_on_to_its_value_has_the_verb_behind() -> None:
    assert texts(
        MeaningChange("references", "container app", "environment from", None, "config map a"),
        MeaningChange("references", "container app", "environment from", "secret b", None),
        MeaningChange("references", "container app", "environment from", "secret c", "secret d"),
        MeaningChange("restart", "pod", "restarted at", None, "2026-11-22T12:00:00Z"),
        MeaningChange("restart", "pod", "restarted at", "2026-11-22T12:00:00Z", None),
        MeaningChange("restart", "pod", "restarted at", "2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z"),
    ) == [
        "container app",
        "  environment from  config map a  added",
        "  environment from  secret b  removed",
        "  environment from  secret c → secret d",
        "pod",
        "  restarted at  2026-11-22T12:00:00Z",
        "  restarted at  2026-11-22T12:00:00Z  removed",
        "  restarted at  2026-11-22T12:00:00Z → 2026-11-23T12:00:00Z",
    ]


def test_no_change_is_said() -> None:
    assert texts() == ["the pod template is the same"]
