"""kubectl exec, attach, cp and debug work unchanged against the simulator."""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pexpect
import pytest

from k9py.cli.remote.cp import copy, copy_request
from k9py.simulator.faults import RequestMatch
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.cli.shell import Shell
from tests.conformance.kubectl import Kubectl, find_kubectl

pytestmark = [
    pytest.mark.parametrize("simulator", ["shop"], indirect=True),
    pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal"),
]
_SECONDS = 30


@pytest.fixture
def pod(simulator: Simulator) -> str:
    """A running pod with one container."""

    def first(state: SimulatorState) -> str:
        return next(
            str(pod["metadata"]["name"])
            for pod in state.storage.list(PODS, "shop")
            if len(pod["spec"]["containers"]) == 1
            and pod["status"]["phase"] == "Running"
            and "running" in pod["status"]["containerStatuses"][0]["state"]
        )

    return simulator.call(first)


class Terminals:
    """Runs kubectl in pseudo-terminals."""

    def __init__(self, simulator: Simulator, home: Path) -> None:
        config = simulator.write_kubeconfig(home / "config", namespace="shop", for_kubectl=True)
        self._environment = {"HOME": str(home), "KUBECONFIG": str(config), "PATH": "/usr/bin:/bin", "TERM": "xterm"}
        self._open: list[pexpect.spawn] = []

    def start(self, *args: str) -> pexpect.spawn:
        child = pexpect.spawn(find_kubectl(), list(args), env=self._environment, dimensions=(24, 80), timeout=_SECONDS)
        self._open.append(child)
        return child

    def close(self) -> None:
        for child in self._open:
            child.close(force=True)


@pytest.fixture
def terminals(simulator: Simulator, tmp_path: Path) -> Iterator[Terminals]:
    started = Terminals(simulator, tmp_path)
    yield started
    started.close()


async def test_exec_passes_output_input_and_exit_codes(simulator: Simulator, kubectl: Kubectl, pod: str) -> None:
    outcome = await kubectl("exec", pod, "--", "sh", "-c", "echo out; echo err >&2; exit 7", code=7)
    assert outcome.out == "out\n"
    assert "err\n" in outcome.err
    assert "command terminated with exit code 7" in outcome.err
    piped = await kubectl("exec", "-i", pod, "--", "wc", "-l", stdin="one\ntwo\n")
    assert piped.out == "2\n"
    missing = await kubectl("exec", pod, "--", "nosuchcommand", code=1)
    assert 'exec: "nosuchcommand": executable file not found in $PATH' in missing.err
    protocols = {frame.protocol for frame in simulator.stream_frames(RequestMatch("get", "pods", "/exec?"))}
    assert protocols == {"v5.channel.k8s.io"}


async def test_cp_copies_both_ways(kubectl: Kubectl, pod: str, tmp_path: Path) -> None:
    source = tmp_path / "with space"
    source.mkdir()
    (source / "large.bin").write_bytes(bytes(range(256)) * 4000)
    (source / "text").write_text("hello\n")
    await kubectl("cp", str(source), f"{pod}:/tmp/copied")
    assert (await kubectl("exec", pod, "--", "cat", "/tmp/copied/text")).out == "hello\n"
    await kubectl("cp", f"{pod}:/tmp/copied", str(tmp_path / "back"))
    assert (tmp_path / "back" / "large.bin").read_bytes() == (source / "large.bin").read_bytes()


async def test_attach_follows_the_log(kubectl: Kubectl, pod: str) -> None:
    async with kubectl.running("attach", pod) as running:
        assert await running.line()


def test_a_shell_in_a_terminal(terminals: Terminals, pod: str) -> None:
    child = terminals.start("exec", "-it", pod, "--", "bash")
    child.expect_exact(f"root@{pod}:/# ")
    child.setwinsize(30, 100)
    child.expect_exact(f"root@{pod}:/# ")  # drawn again
    child.send("stty size\r")
    child.expect_exact("30 100\r\n")
    child.send("sleep 1000\r")
    child.expect_exact("sleep 1000\r\n")
    child.send("\x03")
    child.expect_exact("# ")
    child.send("top\r")
    child.expect_exact("(100x30)")
    child.setwinsize(20, 60)
    child.expect_exact("(60x20)")
    child.send("q")
    child.expect_exact("\x1b[?1049l")
    child.send("exit 5\r")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 5


@pytest.mark.parametrize("how", ["ephemeral", "copy", "node"])
def test_debug_attaches_to_a_shell_whose_end_ends_the_container(
    simulator: Simulator, terminals: Terminals, pod: str, how: str
) -> None:
    node = simulator.call(lambda state: str((state.storage.get(PODS, "shop", pod) or {})["spec"]["nodeName"]))
    target = f"node/{node}" if how == "node" else pod
    hostname = {"ephemeral": pod, "copy": "copied", "node": node}[how]
    more = {"ephemeral": ["--target=app"], "copy": ["--copy-to=copied"], "node": []}[how]
    child = terminals.start("debug", "-it", target, "--image=busybox", *more)
    child.expect_exact(f"root@{hostname}:/# ")
    child.send("exit 3\r")
    child.expect(pexpect.EOF)

    def has_ended(state: SimulatorState) -> bool:
        return any(
            entry["state"].get("terminated", entry["lastState"].get("terminated", {})).get("exitCode") == 3
            for each in state.storage.list(PODS, "shop")
            for field in ("containerStatuses", "ephemeralContainerStatuses")
            for entry in (each.get("status") or {}).get(field) or ()
        )

    simulator.wait_until(has_ended)


async def test_kdash_copies_a_tree_as_kubectl_does(
    simulator: Simulator, kubectl: Kubectl, pod: str, tmp_path: Path
) -> None:
    def contents(root: Path) -> dict[str, bytes]:
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    shell = Shell(simulator, tmp_path / "kdash")
    (tmp_path / "kdash").mkdir()
    for path in ("/data/hard-names", "/app"):
        theirs, ours = tmp_path / f"theirs{path}", tmp_path / f"ours{path}"
        await kubectl("cp", f"{pod}:{path}", str(theirs))
        request = copy_request(f"{pod}:{path}", str(ours), "", False, True, False, 0)
        result = await shell.run(partial(copy, request=request))
        assert result.code == 0, result.err
        # kubectl takes a backslash for a separator of directories, on Linux too.
        assert {name.replace("\\", "/"): data for name, data in contents(ours).items()} == contents(theirs)
