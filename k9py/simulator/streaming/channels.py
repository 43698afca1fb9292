"""The channels of one connection of exec or attach, multiplexed over its messages: stdin, stdout, stderr, status, size.

Invariant: the first byte of a message is its channel. Input waits in a bounded pipe: while the process does not read
it, nothing more is read from the client. Input for a channel that the client did not ask for is ignored.
"""

import contextlib
import json
from typing import Any

from k9py.simulator.streaming.kubelet_errors import as_v4
from k9py.simulator.streaming.shell.pipes import ByteWriter, CallbackWriter, Discard, Pipe
from k9py.simulator.streaming.shell.terminal import Terminal
from k9py.simulator.streaming.upgrade import CHANNELS_V4, CHANNELS_V5, StreamConnection

STDIN, STDOUT, STDERR, STATUS, RESIZE = range(5)
_CLOSE = 255


class ClientChannels:
    """The channels of a client."""

    def __init__(self, connection: StreamConnection, *, stdin: bool, stdout: bool, stderr: bool, tty: bool) -> None:
        """Serve the channels that a client asked for.

        Args:
            connection: accepted.
            stdin: it sends input.
            stdout: it gets output.
            stderr: it gets error output.
            tty: the process has a terminal, whose output is stdout.
        """
        self._connection = connection
        self._has_stdin = stdin
        self._first = STDOUT if stdout else STDERR if stderr else STATUS
        self.stdin = Pipe()
        self.stdout: ByteWriter = self._writer(STDOUT) if stdout else Discard()
        self.stderr: ByteWriter = self._writer(STDERR) if stderr else Discard()
        self.terminal = Terminal(self.stdout.write) if tty else None
        self._owns_input = True

    def share(self, terminal: Terminal | None, stdin: Pipe | None) -> None:
        """Pass input to a process that goes on without this client: into its terminal, or its stdin."""
        self._owns_input = False
        if terminal is not None and self.terminal is not None:
            terminal.resize(self.terminal.columns, self.terminal.rows)
        self.terminal = terminal
        if stdin is not None:
            self.stdin = stdin

    async def greet(self) -> None:
        """Send the empty message with which a server says that the streams are there."""
        await self._send(self._first, b"")

    async def read_all(self) -> None:
        """Pass on everything the client sends, until it closes the connection."""
        while (message := await self._connection.receive()) is not None:
            if not message:
                continue
            channel, data = message[0], message[1:]
            if channel == _CLOSE and self._connection.protocol == CHANNELS_V5:
                if len(data) != 1 or data[0] > RESIZE:
                    return
                if data[0] == STDIN:
                    self._end_input()
            elif channel == STDIN and self._has_stdin:
                await self._take_input(data)
            elif channel == RESIZE and self.terminal is not None:
                self._resize(data)
        self._end_input()

    async def end(self, status: dict[str, Any]) -> None:
        """Send the status, as the last message."""
        protocol = self._connection.protocol
        if protocol == CHANNELS_V5:
            content = json.dumps(status, separators=(",", ":"), ensure_ascii=False).encode()
        elif protocol == CHANNELS_V4:
            content = json.dumps(as_v4(status), separators=(",", ":"), ensure_ascii=False).encode()
        elif status["status"] == "Success":
            return
        else:
            content = as_v4(status)["message"].encode()
        with contextlib.suppress(ConnectionError):
            await self._send(STATUS, content)

    def close(self) -> None:
        """Take no more input: the process has ended."""
        self.stdin.stop_reading()
        if self.terminal is not None:
            self.terminal.stop_reading()

    async def _take_input(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            if self.terminal is not None:
                await self.terminal.feed(data)
            else:
                await self.stdin.write(data)

    def _end_input(self) -> None:
        if not self._owns_input:
            return
        self.stdin.close()
        if self.terminal is not None:
            self.terminal.hang_up()

    def _resize(self, data: bytes) -> None:
        try:
            size = json.loads(data)
            columns, rows = int(size["Width"]), int(size["Height"])
        except (ValueError, KeyError, TypeError):
            return
        if self.terminal is not None:
            self.terminal.resize(columns, rows)

    def _writer(self, channel: int) -> CallbackWriter:
        async def send(data: bytes) -> None:
            await self._send(channel, data)

        return CallbackWriter(send)

    async def _send(self, channel: int, data: bytes) -> None:
        await self._connection.send(bytes((channel,)) + data)
