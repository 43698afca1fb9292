"""The commands of the fake userland; importing this package registers them."""

from k9py.simulator.streaming.shell.commands import basic
from k9py.simulator.streaming.shell.process import COMMANDS

__all__ = ["COMMANDS", "basic"]
