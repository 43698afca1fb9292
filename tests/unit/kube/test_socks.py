"""A SOCKS5 proxy that does not connect: the error quotes its reason, and never its password."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from k9py.api.errors import ConnectionFailedError
from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from tests.unit.kube.kubeconfigs import environ, kubeconfig


def refusal(code: int) -> bytes:
    return bytes((5, code, 0, 1, 0, 0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([b"\x05\x00", refusal(2)], "its rules do not allow this connection"),
        ([b"\x05\x00", refusal(4)], "host unreachable"),
        ([b"\x05\x00", refusal(5)], "the server refused the connection"),
        ([b"\x05\x00", refusal(99)], "error 99"),
        ([b"\x05\x02", b"\x01\x01"], "it does not accept the name and password"),
        ([b"\x05\xff"], "it supports no sign-in method"),
        ([b"HT"], "it does not speak SOCKS5"),
        ([b"\x05\x00", b"\x04\x00\x00\x01"], "it does not speak SOCKS5"),
        ([b"\x05"], "it closed the connection"),
        ([], "it closed the connection"),
    ],
)
async def test_the_reason_of_a_socks_proxy_is_reported(tmp_path: Path, answers: list[bytes], expected: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer_bytes in answers:
            await reader.read(600)
            writer.write(answer_bytes)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as proxy:
        url = f"socks5://me:s3cr3t@127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        with pytest.raises(ConnectionFailedError) as caught:
            await ask(tmp_path, url)
    assert f"The SOCKS proxy cannot connect to https://kube.test: {expected}" in caught.value.message
    assert "s3cr3t" not in caught.value.message + caught.value.hint
    assert "proxy-url" in caught.value.hint


async def test_a_socks_proxy_that_is_not_there_differs_from_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        ConnectionFailedError, match=r"The SOCKS proxy for https://kube\.test cannot be reached"
    ) as caught:
        await ask(tmp_path, "socks5://127.0.0.1:1")
    assert "ssh -D" in caught.value.hint


async def test_a_name_too_long_for_socks_is_refused(tmp_path: Path) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(600)
        writer.write(b"\x05\x02")
        await reader.read(600)
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionFailedError, match="too long for SOCKS5"):
            await ask(tmp_path, f"socks5://{'n' * 256}@127.0.0.1:{port}")


async def ask(tmp_path: Path, proxy: str) -> None:
    path = kubeconfig(tmp_path, cluster={"server": "https://kube.test", "proxy-url": proxy})
    connection = await connect(ConnectOptions(str(path)), environ=environ(tmp_path))
    try:
        await connection.server_version()
    finally:
        await connection.aclose()
