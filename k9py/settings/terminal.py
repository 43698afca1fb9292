"""What the terminal wants, read from the environment."""

from __future__ import annotations

from collections.abc import Mapping

LOCAL_REDRAWS_PER_SECOND = 10.0
REMOTE_REDRAWS_PER_SECOND = 4.0


def wants_colour(environ: Mapping[str, str]) -> bool:
    """Tell whether colour is welcome: not with a non-empty NO_COLOR, not on a dumb terminal.

    Source: https://no-color.org
    """
    return not environ.get("NO_COLOR") and environ.get("TERM", "") != "dumb"


def redraws_per_second(environ: Mapping[str, str]) -> float:
    """Return how often live panes may redraw: fewer over SSH, where each redraw is bytes on a slow link."""
    remote = environ.get("SSH_CONNECTION") or environ.get("SSH_TTY")
    return REMOTE_REDRAWS_PER_SECOND if remote else LOCAL_REDRAWS_PER_SECOND
