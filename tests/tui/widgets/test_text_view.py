"""Read-only text: scrolling and search."""

from __future__ import annotations

import pytest

from k9py.tui.widgets.text_view import TextView
from k9py.tui.widgets.toned_text import MIN_FOLD_CELLS, TextSpan, fold, yaml_lines
from k9py.views.values import Tone
from tests.tui.widgets.hosts import HostApp, screen_text


async def test_text_is_scrolled_and_stays_within_its_ends() -> None:
    app = HostApp(lambda: TextView("\n".join(f"line {number}" for number in range(5000))))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("G")
        assert screen_text(app.widget)[-1] == "line 4999"
        await pilot.press("down", "up", "pageup")
        assert screen_text(app.widget)[0] == "line 4980"
        await pilot.press("g")
        assert screen_text(app.widget)[0] == "line 0"


async def test_search_goes_round_and_highlights() -> None:
    app = HostApp(lambda: TextView("\n".join(f"line {number}" for number in range(100))))
    async with app.run_test(size=(40, 10)) as pilot:
        app.widget.search("[36]0")
        await pilot.pause()
        assert "line 30" in screen_text(app.widget)
        await pilot.press("n")
        assert "line 60" in screen_text(app.widget)
        await pilot.press("n")
        assert "line 30" in screen_text(app.widget)
        await pilot.press("N")
        shown = screen_text(app.widget)
        hit = list(app.widget.render_line(shown.index("line 60")))
        assert [(span.text, span.style) for span in hit][1] == (
            "60",
            app.widget.on_base(app.widget.palette.hit_current),
        )


async def test_long_lines_are_scrolled_sideways_and_hostile_text_is_harmless() -> None:
    app = HostApp(lambda: TextView("abcdefghij" * 10 + "\n\x1b]0;title\x07x\ty\x1b[2J"))
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.press("right")
        assert screen_text(app.widget)[0].startswith("ijab")
        await pilot.press("left")
        assert screen_text(app.widget)[1] == "x   y"
        assert app.widget.text.endswith("x   y")


async def test_new_text_keeps_the_place() -> None:
    app = HostApp(lambda: TextView("\n".join(str(number) for number in range(100))))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("pagedown", "pagedown")
        top = app.widget.top
        app.widget.set_text("\n".join(f"n{number}" for number in range(100)))
        app.widget.flush()
        assert (app.widget.top, screen_text(app.widget)[0]) == (top, f"n{top}")
        app.widget.set_text("short")
        app.widget.flush()
        assert screen_text(app.widget)[0] == "short"


def test_yaml_keys_and_comments_are_told_apart() -> None:
    key, comment, item = yaml_lines("spec: {}\n# note\n  - name: web")
    assert key == (TextSpan("", Tone.MUTED), TextSpan("spec", Tone.ACCENT), TextSpan(": "), TextSpan("{}"))
    assert comment == (TextSpan("# note", Tone.MUTED),)
    assert item == (
        TextSpan("  - ", Tone.MUTED),
        TextSpan("name", Tone.ACCENT),
        TextSpan(": "),
        TextSpan("web", Tone.STRING),
    )


@pytest.mark.parametrize(
    ("line", "key", "value", "tone"),
    [
        ("replicas: 3", "replicas", "3", Tone.NUMBER),
        ("paused: true", "paused", "true", Tone.NUMBER),
        ("nodeName: null", "nodeName", "null", Tone.NUMBER),
        ("image: registry:5000/web:1.2", "image", "registry:5000/web:1.2", Tone.STRING),
        ("version: '3'", "version", "'3'", Tone.STRING),
        ("app.kubernetes.io/name: web", "app.kubernetes.io/name", "web", Tone.STRING),
        ("? odd", None, "? odd", Tone.STRING),
        ('"a: b": c', '"a: b"', "c", Tone.STRING),
        ("f:spec: {}", "f:spec", "{}", Tone.PLAIN),
    ],
)
def test_yaml_values_have_the_tone_of_their_type(line: str, key: str | None, value: str, tone: Tone) -> None:
    (spans,) = yaml_lines(line)
    assert [span.text for span in spans if span.tone is Tone.ACCENT] == ([] if key is None else [key])
    assert spans[-1] == TextSpan(value, tone)


def test_a_block_of_text_is_a_string_to_its_end() -> None:
    text = "data:\n  script: |\n    if: true\n\n    # not a comment\n  next: 1\n- run: |\n    x: 1\n  name: a"
    tones = ["".join(span.tone.value[0] for span in line if span.text.strip()) for line in yaml_lines(text)]
    assert tones == ["ap", "app", "s", "", "s", "apn", "mapp", "s", "aps"]


@pytest.mark.parametrize("width", range(MIN_FOLD_CELLS, 40))
def test_no_folded_line_is_wider_than_asked_even_where_it_ends_with_blanks(width: int) -> None:
    line = (TextSpan("stuck: ", Tone.FAIL), TextSpan("image web:1 cannot be pulled  from registry — and so on"))
    folded = ["".join(span.text for span in row) for row in fold(line, width, indent=2)]
    assert max(map(len, folded)) <= width
    assert " ".join(" ".join(folded).split()) == " ".join("".join(span.text for span in line).split())


async def test_a_line_below_the_end_of_a_shorter_text_is_blank_until_it_is_painted() -> None:
    app = HostApp(lambda: TextView("\n".join(str(number) for number in range(10))))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert app.widget.render_line(5).text.startswith("5")
        app.widget.set_text("short")
        app.widget._strips.clear()  # as a resize does
        assert app.widget.render_line(5).text[:-1].strip() == ""
