"""Ports as a person types them."""

from __future__ import annotations

import pytest

from k9py.forwarding.ports import (
    ANY_PORT,
    PortFormatError,
    PortPair,
    parse_port,
    parse_port_text,
    parse_ports,
)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("80", PortPair(80)),
        ("8080:80", PortPair(80, 8080)),
        (":80", PortPair(80, ANY_PORT)),
        ("0:80", PortPair(80, ANY_PORT)),
        ("http", PortPair("http")),
        ("8443:https", PortPair("https", 8443)),
        (":metrics-2", PortPair("metrics-2", ANY_PORT)),
        ("65535:1", PortPair(1, 65535)),
        (" 80 ", PortPair(80)),
    ],
)
def test_pair(text: str, pair: PortPair) -> None:
    assert parse_port(text) == pair


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no port of the target"),
        ("8080:", "names no port of the target"),
        ("1:2:3", "more than one colon"),
        ("http:80", "local port 'http' is not a number"),
        ("-1:80", "local port '-1' is not a number"),
        ("0", "is not between 1 and 65535"),
        ("65536", "is not between 1 and 65535"),
        ("99999999999999999999999", "is not between 1 and 65535"),
        ("70000:80", "is not between 1 and 65535"),
        ("HTTP", "neither a number nor the name of a port"),
        ("٣", "neither a number nor the name of a port"),
        ("\x1b[31m", "neither a number nor the name of a port"),
        ("80/tcp", "neither a number nor the name of a port"),
    ],
)
def test_what_is_no_port_is_explained(text: str, message: str) -> None:
    with pytest.raises(PortFormatError) as raised:
        parse_port(text)
    assert message in raised.value.message
    assert raised.value.hint
    assert "\x1b" not in raised.value.message


def test_several_ports_are_separated_by_blanks_or_commas() -> None:
    assert parse_port_text(" 80, 8443:https\t:9090 80 ") == (PortPair(80), PortPair("https", 8443), PortPair(9090, 0))
    assert parse_port_text("  ") == ()


def test_two_ports_cannot_have_the_same_local_one() -> None:
    with pytest.raises(PortFormatError, match="local port 8080 is named twice"):
        parse_ports(["8080:80", "8080:81"])
    assert len(parse_ports([":80", ":81", "82"])) == 3


@pytest.mark.parametrize("text", ["80", "8080:80", ":80", "8443:https"])
def test_a_pair_prints_as_it_is_typed(text: str) -> None:
    assert str(parse_port(text)) == text
