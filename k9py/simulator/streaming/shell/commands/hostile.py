"""hostile: leaves a terminal in the worst state that a program can, for tests of what takes it back.

Each part can be asked for by name (`hostile queries`); without one all are sent. To add one, add it to `PARTS`.
"""

from k9py.simulator.streaming.shell.process import CommandError, Process, command

PARTS = {
    "screen": b"\x1b[?1049h\x1b[2J\x1b[5;15r\x1b[?6h\x1b[?7l\x1b[?5h",
    "cursor": b"\x1b[?25l\x1b[6 q\x1b[?12l",
    "mouse": b"\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1005h\x1b[?1006h\x1b[?1015h\x1b[?1004h",
    "keys": b"\x1b[?2004h\x1b[?1h\x1b=\x1b[>4;2m\x1b[>31u\x1b[=31;1u\x1b[20h\x1b[?66h\x1b[?2048h\x1b[?2031h",
    "title": b"\x1b]0;owned\x07\x1b]2;owned\x1b\\\x1b[22;0t\x1bkowned\x1b\\",
    "colours": b"\x1b[31;44;1;5;7m\x1b]4;1;#00ff00\x07\x1b]10;#ff0000\x07\x1b]11;#0000ff\x07\x1b]12;#00ff00\x07",
    "charset": b"\x1b(0\x1b)0\x0e\x1b%@",
    "link": b"\x1b]8;;http://evil.example/\x07link",
    "clipboard": b"\x1b]52;c;b3duZWQ=\x07",
    "notice": b"\x1b]9;owned\x07\x1b]777;notify;owned;owned\x07\x07",
    "graphics": b'\x1bP0;0;0q"1;1;1;1#0;2;0;0;0#0!1@\x1b\\\x1b_Ga=q,i=1;AAAA\x1b\\',
    "queries": b"\x1b[c\x1b[>c\x1b[=c\x1b[5n\x1b[6n\x1b[?6n\x1b]10;?\x07\x1b]11;?\x07\x1b]4;1;?\x07\x1b[18t\x1b[14t"
    b"\x1b[21t\x1b[>q\x1b[?u\x1bP$qm\x1b\\\x1bP+q544e\x1b\\\x1b[?2026$p\x1b[?1$p\x1b]52;c;?\x07\x05",
    "open": b"\x1b[?2026h\x1b]0;never ended",
}
"""What is sent, by name. `open`, the last one, starts a title that is never ended."""


@command("hostile")
async def hostile(process: Process) -> int:
    names = process.arguments[1:] or tuple(PARTS)
    for name in names:
        if name not in PARTS:
            raise CommandError(f"unknown part '{name}'; there are {', '.join(PARTS)}", 2)
        await process.stdout.write(PARTS[name])
    return 0
