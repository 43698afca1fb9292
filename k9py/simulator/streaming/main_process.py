"""The main process of a container as an attached client sees it."""

from typing import Any

from k9py.simulator.state import SimulatorState
from k9py.simulator.streaming.channels import ClientChannels
from k9py.simulator.streaming.containers import RunningContainer

Object = dict[str, Any]


async def follow_main_process(
    state: SimulatorState,
    container: RunningContainer,
    pod: Object,
    name: str,
    channels: ClientChannels,
    *,
    has_stdin: bool,
) -> None:
    """Send what the main process writes from now on, until the container ends."""
    await container.ended.wait()
