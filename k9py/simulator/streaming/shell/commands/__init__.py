"""The commands of the fake userland; importing this package registers them.

To add one: an async function with `@command("name")` in the module of its subject, which is imported here.
"""

from k9py.simulator.streaming.shell.commands import (
    archive,
    basic,
    block_copy,
    files,
    finding,
    hostile,
    listing,
    screens,
    shells,
    text,
)
from k9py.simulator.streaming.shell.process import COMMANDS

__all__ = [
    "COMMANDS",
    "archive",
    "basic",
    "block_copy",
    "files",
    "finding",
    "hostile",
    "listing",
    "screens",
    "shells",
    "text",
]
