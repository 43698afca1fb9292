"""The fake userland: scripts and what they print, editing of lines, names that are hard."""

import asyncio

import pytest

from k9py.simulator.clock import ManualClock
from k9py.simulator.streaming.shell.commands import COMMANDS
from k9py.simulator.streaming.shell.image_files import image_files
from k9py.simulator.streaming.shell.line_editor import LineEditor, LineInterruptedError
from k9py.simulator.streaming.shell.pipes import CallbackWriter, FixedInput
from k9py.simulator.streaming.shell.process import Machine, Process, run
from k9py.simulator.streaming.shell.terminal import Terminal

_POD = {"metadata": {"name": "web-1", "namespace": "shop"}, "status": {"podIP": "10.1.1.1"}}


async def output_of(script: str, stdin: bytes = b"") -> tuple[str, int]:
    """Run a script in a new container; return what it writes, and its exit code."""
    clock, written = ManualClock(), bytearray()
    files = image_files("web-1", _POD, {}, clock.now().timestamp())
    machine = Machine("web-1", files, {"HOME": "/root"}, clock)

    async def write(data: bytes) -> None:
        written.extend(data)

    writer = CallbackWriter(write)
    process = Process(machine, ["sh", "-c", script], FixedInput(stdin), writer, writer, dict(machine.environment))
    code = await run(process, COMMANDS["sh"])
    return written.decode("utf-8", "surrogateescape"), code


@pytest.mark.parametrize(
    ("script", "output", "code"),
    [
        ("echo a; false || echo b && echo c", "a\nb\nc\n", 0),
        ("exit 7", "", 7),
        ("nosuch", "sh: nosuch: not found\n", 127),
        ("for i in 1 2; do echo $i$((i+1)); done | tail -n 1", "23\n", 0),
        ("cd /tmp; echo 'a  b' > 'x y'; cat x*; echo c >> 'x y'; wc -l < 'x y'", "a  b\n2\n", 0),
        ("if [ -d /etc ]; then echo yes; else echo no; fi", "yes\n", 0),
        ("x=$(echo a; echo b); echo $x; echo \"$x\"", "a b\na\nb\n", 0),
        ("yes | head -n 2; echo $?", "y\ny\n0\n", 0),
        ("echo ${X:-d e} \"${HOME#/}\" '$HOME'", "d e root $HOME\n", 0),
        ("cat; ! true; echo $?", "in\n1\n", 0),
        ("tar cf - -C /data reports | tar tf - | sort | head -n 2", "reports/\nreports/2026-01.csv\n", 0),
        ("printf abcdef | dd of=/tmp/q bs=2 seek=1 status=none; base64 /tmp/q", "AABhYmNkZWY=\n", 0),
        ("tail -c +3 /data/reports/2026-01.csv | head -c 5", "y,ord", 0),
        ("stat -L -c '%f %s %F' /data/latest; readlink /data/latest", "81a4 28 regular file\nreports/2026-01.csv\n", 0),
        ("cat /data/loop", "cat: /data/loop: Too many levels of symbolic links\n", 1),
        (
            "ls /data/reports /nope",
            (
                "ls: cannot access '/nope': No such file or directory\n"
                "/data/reports:\n2026-01.csv\nsummary of the year.txt\n"
            ),
            2,
        ),
        ("find /data/reports -type f -printf '%s %P\\n'", "28 2026-01.csv\n22 summary of the year.txt\n", 0),
        ("echo 'open", "sh: unexpected EOF while looking for matching `''\n", 2),
    ],
)  # fmt: skip
async def test_a_script_prints_what_a_shell_prints(script: str, output: str, code: int) -> None:
    assert await output_of(script, b"in\n") == (output, code)


async def test_an_archive_with_hard_names_is_extracted_as_it_was() -> None:
    script = """
        mkdir /tmp/d
        tar cf - -C /data/hard-names . | tar xmf - -C /tmp/d
        ls /data/hard-names | sha256sum
        ls /tmp/d | sha256sum
    """
    output, code = await output_of(script)
    first, second = output.splitlines()
    assert (first, code) == (second, 0)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("echo abc\x1b[D\x1b[DX\r", "echo aXbc"),
        ("abc\x01X\x05Y\r", "XabcY"),
        ("one two\x17three\r", "one three"),
        ("abc\x15def\r", "def"),
        ("ab\x7fc\r", "ac"),
        ("\x1b[A\r", "newer"),
        ("\x1b[A\x1b[A\x1b[B\r", "newer"),
        ("x\x1b[?1;2c\x1b[5;1Ry\r", "xy"),
        ("日本\x1b[Dx\r", "日x本"),
        ("\x04", None),
    ],
)
async def test_a_line_is_edited(keys: str, line: str | None) -> None:
    async def discard(_: bytes) -> None:
        return None

    terminal = Terminal(discard)
    editor = LineEditor(terminal, ["older", "newer"], lambda _: ())
    reading = asyncio.ensure_future(editor.read("$ "))
    await asyncio.sleep(0)
    await terminal.feed(keys.encode())
    assert await reading == line
    assert not terminal.is_raw


async def test_an_interrupt_aborts_the_line() -> None:
    written = bytearray()

    async def write(data: bytes) -> None:
        written.extend(data)

    terminal = Terminal(write)
    reading = asyncio.ensure_future(LineEditor(terminal, [], lambda _: ()).read("$ "))
    await asyncio.sleep(0)
    await terminal.feed(b"half\x03")
    with pytest.raises(LineInterruptedError):
        await reading
    assert written == b"$ half^C\r\n"
