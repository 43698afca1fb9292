"""The Markdown of a capsule reads well, and text from the cluster cannot become anything but text."""

from __future__ import annotations

from dataclasses import replace

from markdown_it import MarkdownIt

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.capsule.capsule import Capsule
from k9py.capsule.markdown import report_lines
from k9py.diagnosis.problem import TriageReport
from tests.factories.meta import NOW, before, key
from tests.factories.problems import problem_of

HOSTILE = (
    "```\n# Heading\n<script>x</script> [link](http://x) ![image](y) @team #12 **bold** | a\n- item `code` \x1b[31m"
)


def hostile_capsule() -> Capsule:
    about = {"kind": HOSTILE, "namespace": HOSTILE, "name": HOSTILE}
    return Capsule(
        at="2026-11-22T12:00:00.123456Z",
        kdash="1",
        context=HOSTILE,
        subject=ObjectRef("Pod", "shop", HOSTILE),
        notes=(HOSTILE, f"1. {HOSTILE}"),
        timeline=({"at": HOSTILE, "object": about, "what": HOSTILE, "by": HOSTILE, "source": HOSTILE},),
        actions=({"time": HOSTILE, "id": "1", "action": HOSTILE, "outcome": HOSTILE, **about},),
        objects=(
            {"kind": "Event", "type": "Warning", "reason": HOSTILE, "message": HOSTILE, "involvedObject": about},
            {"kind": HOSTILE},
        ),
        logs={HOSTILE: (HOSTILE, "```", "~~~", "# no heading")},
    )


def test_text_from_the_cluster_is_only_text() -> None:
    problem = replace(problem_of(key("Pod", HOSTILE), HOSTILE, Severity.DOWN), since=before(60))
    text = "\n".join(report_lines(hostile_capsule(), TriageReport(NOW, (problem,), 1), NOW))
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)

    allowed = {"heading", "paragraph", "bullet_list", "list_item", "inline", "fence"}
    assert {token.type.removesuffix("_open").removesuffix("_close") for token in tokens} <= allowed
    inline = {child.type for token in tokens for child in token.children or ()}
    assert inline <= {"text", "code_inline", "text_special"}
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    sections = ["Problems", "Timeline", "Actions taken with kdash", "Warning events", "Logs", "Objects"]
    assert [heading for heading in headings if heading in sections] == sections
    assert len(headings) == len(sections) + 3  # the title, the problem, the log
    assert "\x1b" not in text


def test_an_action_is_one_line_with_what_became_of_it() -> None:
    line = {"id": "a", "action": "scale", "kind": "Deployment", "namespace": "shop", "name": "web", "user": "ann"}
    actions = (
        {**line, "time": "2026-11-22T11:00:00.100Z", "event": "begin"},
        {**line, "time": "2026-11-22T11:00:00.200Z", "event": "write", "outcome": "done"},
        {**line, "time": "2026-11-22T11:00:09.200Z", "event": "followed", "outcome": "converged"},
    )
    capsule = Capsule(at="2026-11-22T12:00:00Z", kdash="1", context="prod", actions=actions)
    lines = report_lines(capsule, TriageReport(NOW, (), 0), NOW)

    assert [line for line in lines if "scale" in line] == [
        "2026-11-22 11:00:00  scale Deployment web in shop: done, then converged by ann"
    ]
    assert lines[lines.index("## Logs") + 2] == "None."
