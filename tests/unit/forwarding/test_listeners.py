"""Local ports: which is taken, who else has it, and what a person opens."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from k9py.api.errors import RefusedError
from k9py.forwarding.listeners import (
    Listener,
    PortInUseError,
    bind,
    exposure_warning,
    parse_addresses,
    url_scheme,
)
from k9py.forwarding.port_owner import port_owner
from k9py.forwarding.ports import PortPair

LOOPBACK = ("127.0.0.1",)


@contextmanager
def bound(pair: PortPair, default: int | None) -> Iterator[int]:
    sockets, addresses = bind(pair, LOOPBACK, default)
    try:
        assert addresses == LOOPBACK
        yield sockets[0].getsockname()[1]
    finally:
        for each in sockets:
            each.close()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture
def free() -> int:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port: int = other.getsockname()[1]
        return port


def test_the_same_number_is_taken_when_it_is_free(free: int) -> None:
    with bound(PortPair(free), free) as port:
        assert port == free


def test_another_number_is_taken_when_the_same_one_is_in_use_or_needs_privileges(taken: int) -> None:
    with bound(PortPair(taken), taken) as port:
        assert port not in (0, taken)
    with bound(PortPair(80), 80) as port:
        assert port >= 1024


def test_any_port_is_not_the_same_one(free: int) -> None:
    with bound(PortPair(free, 0), free) as port:
        assert port != free


def test_a_named_local_port_in_use_is_an_error_that_names_the_program(taken: int) -> None:
    with pytest.raises(PortInUseError) as raised:
        bind(PortPair(80, taken), LOOPBACK, 80)
    assert f"local port {taken} is in use" in raised.value.message
    assert raised.value.hint
    if Path("/proc/net/tcp").exists():
        assert raised.value.message.endswith("by this kdash")


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"192\.0\.2\.1 is not an address of this machine"):
        bind(PortPair(80, 0), ("192.0.2.1",), 80)


def test_all_addresses_have_the_same_port_or_none_listens(taken: int) -> None:
    sockets, addresses = bind(PortPair(80), ("127.0.0.1", "127.0.0.2"), 80)
    assert addresses == ("127.0.0.1", "127.0.0.2")
    assert len({each.getsockname()[1] for each in sockets}) == 1
    for each in sockets:
        each.close()
    with pytest.raises(PortInUseError):
        bind(PortPair(80, taken), ("127.0.0.2", "127.0.0.1"), 80)
    with socket.socket() as again:
        again.bind(("127.0.0.2", taken))  # nothing was left


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("127.0.0.1", ("127.0.0.1",)),
        ("localhost", ("127.0.0.1", "::1")),
        ("localhost, 10.0.0.5,127.0.0.1", ("127.0.0.1", "::1", "10.0.0.5")),
        ("::", ("::",)),
    ],
)
def test_addresses(text: str, addresses: tuple[str, ...]) -> None:
    assert parse_addresses(text) == addresses


@pytest.mark.parametrize("text", ["", " , ", "example.org", "127.0.0.1:80", "300.0.0.1", "\x1b]0;x"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(RefusedError) as raised:
        parse_addresses(text)
    assert raised.value.hint
    assert "\x1b" not in raised.value.message


def test_only_addresses_that_others_reach_are_warned_of() -> None:
    assert exposure_warning(("127.0.0.1", "::1", "127.5.5.5")) == ""
    assert exposure_warning(("127.0.0.1", "0.0.0.0")).startswith("0.0.0.0: everyone")


@pytest.mark.parametrize(
    ("port", "name", "scheme"),
    [
        (80, "", "http"),
        (8080, "http", "http"),
        (9999, "http-metrics", "http"),
        (9999, "web", "http"),
        (443, "", "https"),
        (8443, "web", "https"),
        (1, "https", "https"),
        (80, "grpc", ""),
        (5432, "", ""),
        (8080, "tcp-app", "http"),
        (None, "postgres", ""),
    ],
)
def test_the_scheme_of_a_port(port: int | None, name: str, scheme: str) -> None:
    assert url_scheme(port, name) == scheme


@pytest.mark.parametrize(
    ("listener", "url"),
    [
        (Listener(("127.0.0.1",), 8080, 80, 80), "http://127.0.0.1:8080"),
        (Listener(("::1",), 8080, 80, 80), "http://[::1]:8080"),
        (Listener(("0.0.0.0",), 8080, 80, 80), "http://127.0.0.1:8080"),
        (Listener(("127.0.0.1",), 5432, 5432, 5432), "127.0.0.1:5432"),
        (Listener(("127.0.0.1",), 9000, "https", None, "https"), "https://127.0.0.1:9000"),
    ],
)
def test_what_a_person_opens(listener: Listener, url: str) -> None:
    assert listener.url == url


def test_who_has_a_port_is_unknown_without_proc(tmp_path: Path, taken: int) -> None:
    assert port_owner(taken, tmp_path) == ""


def test_who_has_a_port_is_read_from_proc(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0\n"
    (tmp_path / "net" / "tcp").write_text(f"  sl  local_address\n{line}")
    process = tmp_path / "812"
    (process / "fd").mkdir(parents=True)
    (process / "comm").write_text("ngi\x07nx\n")
    os.symlink("socket:[4242]", process / "fd" / "3")
    assert port_owner(8080, tmp_path) == "ngi\ufffdnx (pid 812)"
    assert port_owner(8081, tmp_path) == ""
