"""Which sources of a log are shown, and what copying says: the pure part of the log screen."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.cluster.log_targets import DEFAULT_ROLES
from k9py.config.terminal import MAX_COPY_BASE64, Clipboard
from k9py.logs import marker_text
from k9py.logs.parsing.level import Level
from k9py.logs.source import LogTarget
from k9py.tui.logs.copying import clipboard_copy
from k9py.tui.logs.highlighting import parse_highlights
from k9py.tui.logs.source_filter import (
    CheckedItem,
    KnownSources,
    NameFilter,
    SourceFilter,
    filter_from_checked,
    source_items,
)

APP = LogTarget("shop", "cart-1", "app", "u1")
PROXY = LogTarget("shop", "cart-1", "proxy", "u1")
OTHER = LogTarget("shop", "cart-2", "app", "u2")
MIGRATE = LogTarget("shop", "cart-2", "migrate", "u2", role="init")
EVERY = (APP, PROXY, OTHER, MIGRATE)


def test_a_sieve_without_names_hides_nothing() -> None:
    assert not NameFilter().hides("a")
    assert not NameFilter(only=True).hides("a")


@given(st.sets(st.sampled_from("abcd")), st.booleans())
def test_a_sieve_hides_its_names_or_all_others(names: set[str], only: bool) -> None:
    sieve = NameFilter(frozenset(names), only)
    hidden = {name for name in "abcd" if sieve.hides(name)}
    assert hidden == ((set("abcd") - names if only else names) if names else set())


def test_what_is_left_out_is_hidden_and_said_and_a_pod_that_joins_later_is_judged_too() -> None:
    choice = filter_from_checked({("pod", "cart-1"), ("level", "DEBUG")}, only=False)
    assert choice.hidden(EVERY).containers == {APP.container_key, PROXY.container_key}
    assert choice.hidden(EVERY).levels == {Level.DEBUG}
    assert choice.title_text(EVERY) == "without cart-1 · without debug"
    containers = filter_from_checked({("container", "proxy")}, only=False)
    assert containers.hides(LogTarget("shop", "cart-9", "proxy"))
    assert not containers.hides(LogTarget("shop", "cart-9", "app"))


def test_what_is_shown_alone_hides_all_others_of_its_group_only() -> None:
    choice = filter_from_checked({("container", "app"), ("level", "ERROR"), ("level", "WARN")}, only=True)
    assert choice.hidden(EVERY).containers == {PROXY.container_key, MIGRATE.container_key}
    assert choice.title_text((APP, PROXY)) == "only app · only warn, error"
    assert choice.pods == NameFilter()


def test_what_is_left_out_is_counted_where_naming_it_takes_too_much_room() -> None:
    many = [LogTarget("shop", f"checkout-6dd94cbd7-{number}", "app") for number in range(4)]
    choice = filter_from_checked({*(("pod", target.pod) for target in many[:3]), ("level", "DEBUG")}, only=False)
    assert choice.title_text(many) == "3 hidden · levels: 1 hidden"


def test_pods_are_listed_by_revision_and_by_number() -> None:
    pods = [LogTarget("data", f"db-{number}", "app") for number in (10, 2, 1)]
    details = {"db-10": "revision 9 · Running", "db-2": "revision 10 · Running", "db-1": "revision 10 · Running"}
    listed = [
        source_item.value
        for source_item in source_items(pods, {}, DEFAULT_ROLES, details)
        if source_item.group == "pod"
    ]
    assert listed == ["db-10", "db-1", "db-2"]


def test_nothing_ticked_shows_everything() -> None:
    for only in (False, True):
        assert filter_from_checked((), only=only) == SourceFilter()
        assert filter_from_checked((), only=only).title_text(EVERY) == ""


def test_init_and_ephemeral_containers_are_read_when_ticked() -> None:
    assert filter_from_checked((), only=True).roles == DEFAULT_ROLES
    assert filter_from_checked({("role", "init")}, only=True).roles == {*DEFAULT_ROLES, "init"}


def test_the_dialog_lists_each_source_with_its_state_and_what_could_be_read_besides() -> None:
    states = {APP.container_key: "", OTHER.container_key: "waiting to start: image cannot be pulled"}
    items = {item.checked_item: item for item in source_items(EVERY, states, DEFAULT_ROLES)}
    assert items["pod", "cart-2"].detail == "waiting to start: image cannot be pulled"
    assert items["pod", "cart-1"].detail == ""
    details = {"cart-1": "revision 7 · Running", "cart-2": "revision 8 · ImagePullBackOff"}
    items = {item.checked_item: item for item in source_items(EVERY, states, DEFAULT_ROLES, details)}
    assert items["pod", "cart-1"].detail == "revision 7 · Running"
    assert items["pod", "cart-2"].detail == ("revision 8 · ImagePullBackOff · waiting to start: image cannot be pulled")
    assert items["container", "app"].detail.startswith("in 2 pods")
    assert ("container", "migrate") not in items
    assert "migrate" in items["role", "init"].detail
    assert ("role", "ephemeral") not in items
    assert {value for group, value in items if group == "level"} == {level.name for level in Level}


@pytest.mark.parametrize("only", [False, True])
def test_a_choice_is_found_again_in_the_dialog_that_made_it(only: bool) -> None:
    ticks: frozenset[CheckedItem] = frozenset(
        {("pod", "cart-1"), ("container", "app"), ("level", "WARN"), ("role", "init")}
    )
    choice = filter_from_checked(ticks, only=only)
    assert choice.checked_items(source_items(EVERY, {}, choice.roles), only=only) == ticks


def test_what_was_shown_alone_is_the_others_left_out_in_the_other_dialog() -> None:
    choice = filter_from_checked({("pod", "cart-1")}, only=True)
    ticks = choice.checked_items(source_items(EVERY, {}, choice.roles), only=False)
    assert ticks == {("pod", "cart-2")}


def test_sources_are_remembered_within_a_bound_and_those_that_are_read_always() -> None:
    known = KnownSources(most=3)
    for number in range(10):
        known.read([APP, LogTarget("shop", f"cart-{number}", "app")])
    assert [target.pod for target in known] == ["cart-8", "cart-1", "cart-9"]
    known.read([LogTarget("shop", f"web-{number}", "app") for number in range(5)])
    assert len(known) == 5
    known.clear()
    assert not len(known)


def test_of_a_copy_no_more_is_said_than_is_known() -> None:
    lines = ["one", "two", "three"]
    taken = clipboard_copy(lines, Clipboard("supported", "kitty"), "Ctrl+S")
    assert (taken.text, taken.message) == ("one\ntwo\nthree", "copied 3 lines")
    sent = clipboard_copy(lines, Clipboard(), "Ctrl+S")
    assert sent.text == taken.text
    assert sent.message == "sent 3 lines to the clipboard (OSC 52) · if they do not arrive, Ctrl+S saves them"
    assert clipboard_copy(["one"], Clipboard(), "Ctrl+S").message.endswith(
        "(OSC 52) · if it does not arrive, Ctrl+S saves it"
    )
    needs = Clipboard("unknown", "tmux needs: set -g set-clipboard on")
    assert clipboard_copy(["one"], needs, "Ctrl+S").message == f"sent 1 line to the clipboard (OSC 52) · {needs.reason}"
    refused = clipboard_copy(lines, Clipboard("unsupported", "Apple Terminal"), "Ctrl+S")
    assert refused.is_refused
    assert "no clipboard here (Apple Terminal): Ctrl+S saves them" in refused.message
    assert clipboard_copy([], Clipboard(), "Ctrl+S").is_refused


@given(st.integers(MAX_COPY_BASE64 // 4 * 3 - 3, MAX_COPY_BASE64 // 4 * 3 + 3))
def test_too_much_for_a_clipboard_is_refused_with_a_way_out(length: int) -> None:
    text = "x" * length
    copy = clipboard_copy([text], Clipboard("supported"), "Ctrl+S")
    assert copy.is_refused is (len(base64.b64encode(text.encode())) > MAX_COPY_BASE64)
    assert copy.is_refused is ("Ctrl+S" in copy.message)


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("", ()),
        ("  retry  timeout ", ("retry", "timeout")),
        ("retry retry", ("retry",)),
        ("a.b", (r"a\.b",)),
        (r"/a b|c\/d/ x", (r"a b|c\/d", "x")),
        ("/api/v1/ x", ("/api/v1/", "x")),
        ("/api", ("/api",)),
    ],
)
def test_words_and_expressions_between_slashes_are_highlighted(text: str, patterns: tuple[str, ...]) -> None:
    assert parse_highlights(text).patterns == patterns
    assert parse_highlights(text).problem == ""


def test_an_expression_that_is_none_is_said() -> None:
    assert "/(x/" in parse_highlights("word /(x/").problem


@given(st.text())
def test_a_word_is_looked_for_as_it_stands(text: str) -> None:
    for word in text.split():
        if not word.startswith("/"):
            (pattern,) = parse_highlights(word).patterns
            assert re.fullmatch(pattern, word)


def test_what_the_readme_quotes_is_what_is_said() -> None:
    readme = " ".join((Path(__file__).parents[3] / "README.md").read_text("utf-8").split())
    since, until = datetime(2026, 1, 15, 3, 12, 7, tzinfo=UTC), datetime(2026, 1, 15, 3, 12, 19, tzinfo=UTC)
    assert f"*{marker_text.reconnected(12.0)}*" in readme
    assert f"*{marker_text.gap(marker_text.ROTATED, since, until, 12.0)}*" in readme
    assert f"*{marker_text.dropped(1_204, None, None)}*" in readme
