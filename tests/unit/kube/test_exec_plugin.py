"""Running a credential plugin: its input, what it may use, and the errors when it fails."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from k9py.api.errors import ConfigError
from k9py.kube.exec_plugin import ExecPlugin
from k9py.kube.kubeconfig_schema import ExecConfig
from k9py.kube.target import ServerEndpoint
from tests.unit.kube.kubeconfigs import environ, plugin_user

PRINT_INPUT = """
import json, os, sys
token = json.dumps({"stdin": sys.stdin.read(), "info": json.loads(os.environ["KUBERNETES_EXEC_INFO"]),
    "args": sys.argv[1:], "extra": os.environ.get("EXTRA"), "session": os.getsid(0) == os.getpid()})
answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}}
print(json.dumps(answer))
"""


def plugin(
    tmp_path: Path, source: str, *, timeout: float = 60, endpoint: ServerEndpoint | None = None, **fields: Any
) -> ExecPlugin:
    script = tmp_path / "plugin.py"
    script.write_text(source)
    given = plugin_user(sys.executable, [str(script), *fields.pop("args", ())], **fields)["exec"]
    config = msgspec.convert(given, ExecConfig)
    return ExecPlugin(
        config, tmp_path, endpoint or ServerEndpoint("https://x"), environ(tmp_path), silence_timeout=timeout
    )


def answering(**status: Any) -> str:
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"print({json.dumps(answer)!r})"


async def test_the_plugin_gets_arguments_environment_and_no_terminal(tmp_path: Path) -> None:
    given = await plugin(tmp_path, PRINT_INPUT, args=["get", "token"], env=[{"name": "EXTRA", "value": "yes"}]).run()
    received = json.loads(given.token or "")
    assert received["stdin"] == ""
    assert received["session"] is True
    assert received["args"] == ["get", "token"]
    assert received["extra"] == "yes"
    assert received["info"] == {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }


async def test_the_plugin_gets_the_cluster_when_the_kubeconfig_asks_for_it(tmp_path: Path) -> None:
    endpoint = ServerEndpoint("https://x", ca=b"CA", tls_server_name="kube", exec_extension={"audience": "a"})
    given = await plugin(tmp_path, PRINT_INPUT, endpoint=endpoint, provideClusterInfo=True).run()
    assert json.loads(given.token or "")["info"]["spec"]["cluster"] == {
        "server": "https://x",
        "certificate-authority-data": "Q0E=",
        "tls-server-name": "kube",
        "config": {"audience": "a"},
    }


async def test_a_variable_with_an_equals_sign_in_its_name_is_split_where_the_first_one_is(tmp_path: Path) -> None:
    given = await plugin(tmp_path, PRINT_INPUT, env=[{"name": "EXTRA=a", "value": "b"}]).run()
    assert json.loads(given.token or "")["extra"] == "a=b"


async def test_a_token_and_a_certificate_are_both_taken_with_their_expiry(tmp_path: Path) -> None:
    source = answering(
        token="t", clientCertificateData="C", clientKeyData="K", expirationTimestamp="2026-11-22T12:00:00Z"
    )
    given = await plugin(tmp_path, source).run()
    assert given.token == "t"
    assert given.certificate is not None
    assert (given.certificate.certificate, given.certificate.key) == (b"C", b"K")
    assert given.expires_at == datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_a_missing_plugin_is_named_with_its_install_hint(tmp_path: Path) -> None:
    config = msgspec.convert(
        plugin_user("no-such-plugin", installHint="Run\x1b[31m: brew install it")["exec"], ExecConfig
    )
    with pytest.raises(ConfigError, match="no-such-plugin is not installed") as caught:
        await ExecPlugin(config, tmp_path, ServerEndpoint("https://x"), environ(tmp_path)).run()
    assert caught.value.hint.startswith("Run: brew install it")


async def test_a_command_with_a_slash_is_relative_to_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "login"
    script.write_text(f"#!{sys.executable}\n{answering(token='t')}")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    config = msgspec.convert(plugin_user("bin/login")["exec"], ExecConfig)
    given = await ExecPlugin(config, tmp_path, ServerEndpoint("https://x"), environ(tmp_path)).run()
    assert given.token == "t"


async def test_the_error_of_a_failing_plugin_quotes_its_stderr_printable_and_bounded(tmp_path: Path) -> None:
    source = r"""
import sys
sys.stderr.write("noise\n" * 100_000 + "\x1b[31mtoken has expired, \x1b]0;evil\x07run: aws sso login\n")
sys.exit(3)
"""
    with pytest.raises(ConfigError, match="failed with exit code 3") as caught:
        await plugin(tmp_path, source).run()
    assert caught.value.message.endswith("token has expired, run: aws sso login")
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 1200
    assert "kubectl" in caught.value.hint


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("print('hello')", "did not answer with an ExecCredential in JSON or YAML"),
        ("", "printed nothing"),
        ("print('{}')", "answered in no apiVersion at all"),
        (answering(token=5), "status.token that is not text"),
        (answering(token="t").replace("ExecCredential", "Pod"), "answered with a Pod"),
        (answering(token="t") + "\nprint('done')", "did not answer with an ExecCredential in JSON"),
        (answering(), "neither a token nor a client certificate"),
        (answering(clientCertificateData="C"), "the key is missing"),
        (
            answering(token="t").replace("k8s.io/v1", "k8s.io/v1beta1"),
            "answered in client.authentication.k8s.io/v1beta1",
        ),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "exit code -15"),
    ],
)
async def test_output_that_is_no_credential_is_refused(tmp_path: Path, source: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        await plugin(tmp_path, source).run()


@pytest.mark.parametrize(
    "text", ["tomorrow", "", "2030-01-01", "2030-01-01T00:00:00", "2030-13-01T00:00:00Z", "2030-01-01 00:00:00Z"]
)
async def test_an_expiry_that_is_no_time_is_named_with_its_plugin(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=f'plugin .* an invalid expirationTimestamp: "{text}"'):
        await plugin(tmp_path, answering(token="t", expirationTimestamp=text)).run()


async def test_output_in_yaml_is_read(tmp_path: Path) -> None:
    answer = "apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus:\n  token: t\n"
    answer += "  expirationTimestamp: 2026-11-22T12:00:00Z\n"
    given = await plugin(tmp_path, f"print({answer!r})").run()
    assert (given.token, given.expires_at) == ("t", datetime(2026, 11, 22, 12, tzinfo=UTC))


async def test_a_plugin_that_is_not_executable_is_reported(tmp_path: Path) -> None:
    (tmp_path / "login").write_text("#!/bin/sh\n")
    config = msgspec.convert(plugin_user("./login")["exec"], ExecConfig)
    with pytest.raises(ConfigError, match="it is not executable") as caught:
        await ExecPlugin(config, tmp_path, ServerEndpoint("https://x"), environ(tmp_path)).run()
    assert "chmod +x" in caught.value.hint


WAITING = """
import os, pathlib, sys, threading
sys.stderr.write("open https://sign.in and enter ABCD"); sys.stderr.flush()
os.mkfifo("{fifo}.release")
with open("{fifo}", "w") as fifo:
    fifo.write(str(os.getpid()))
open("{fifo}.release").read()
"""


async def test_a_plugin_that_does_not_answer_in_time_is_killed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did not answer within 0 s"):
        await plugin(tmp_path, "open('/dev/stdin').read(); import signal; signal.pause()", timeout=0).run()


async def test_a_cancelled_plugin_does_not_outlive_the_run(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    running = asyncio.create_task(plugin(tmp_path, WAITING.format(fifo=fifo)).run())
    pid = int(await asyncio.to_thread(fifo.read_text))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
