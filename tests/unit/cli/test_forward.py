"""What `kdash forward` takes, and what it prints at the end."""

from __future__ import annotations

import click
import pytest

from k9py.cli.forward.command import FORWARD_KINDS, split_operands
from k9py.cli.forward.run import other_port, summary, target_text
from k9py.cli.targets import ObjectArgument
from k9py.forwarding.figures import ForwardFigures
from k9py.forwarding.listeners import Listener
from k9py.forwarding.ports import PortPair


@pytest.mark.parametrize(
    ("operands", "named", "words"),
    [
        (("svc/web", "80"), ObjectArgument("Service", "web"), ("80",)),
        (("deploy", "web", "8080:80", ":http"), ObjectArgument("Deployment", "web"), ("8080:80", ":http")),
        (("pod/web-1",), ObjectArgument("Pod", "web-1"), ()),
        (("web", "80"), ObjectArgument("", "web", FORWARD_KINDS), ("80",)),
    ],
)
def test_the_object_comes_before_its_ports(
    operands: tuple[str, ...], named: ObjectArgument, words: tuple[str, ...]
) -> None:
    assert split_operands(operands) == (named, words)


@pytest.mark.parametrize("operands", [(), ("node/n1", "80"), ("svc/", "80"), ("deploy",)])
def test_what_has_no_ports_is_wrong_usage(operands: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError):
        split_operands(operands)


def test_the_summary_states_what_was_cut() -> None:
    assert summary(ForwardFigures(total=1)) == "1 connection, 0 B sent, 0 B received, 0 cut"
    figures = ForwardFigures(total=12, sent=1228, received=3 << 20, cut=2, ended_with_pod=1, failed=4, moves=1)
    assert (
        summary(figures)
        == "12 connections, 1.2 KiB sent, 3 MiB received, 2 cut, 1 ended with their pod, 4 failed, moved 1 time"
    )


def test_a_named_port_is_printed_with_its_number_and_another_local_port_with_the_reason() -> None:
    listener = Listener(("127.0.0.1",), 40001, "http", 80, "http")
    assert target_text("svc/web", listener) == "svc/web:http (80)"
    assert target_text("svc/web", Listener(("127.0.0.1",), 8080, "http")) == "svc/web:http"
    assert target_text("svc/web", Listener(("127.0.0.1",), 8080, 80, 80)) == "svc/web:80"
    assert (
        other_port(PortPair("http"), listener) == "local port 40001 is taken, not 80: ports below 1024 need privileges"
    )
    taken = Listener(("127.0.0.1",), 40001, 8080, 8080)
    assert other_port(PortPair(8080), taken) == "local port 40001 is taken, not 8080: that is in use"
    assert other_port(PortPair(8080, 40001), taken) == "", "it was asked for"
