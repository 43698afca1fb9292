"""What the terminal wants, read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from k9py.api.errors import ConfigError

NOTIFY_VARIABLE = "KDASH_NOTIFY"

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


@dataclass(frozen=True, slots=True)
class NotificationMode:
    """How the terminal is told that a change has come to its end.

    Args:
        bell: by BEL, which every terminal knows.
        osc9: by OSC 9 with a text, which some show as a notification of the desktop.
    """

    bell: bool = True
    osc9: bool = False


_NOTIFY = {
    "none": NotificationMode(bell=False),
    "bell": NotificationMode(),
    "osc9": NotificationMode(bell=False, osc9=True),
    "both": NotificationMode(osc9=True),
}


def notification_mode(environ: Mapping[str, str]) -> NotificationMode:
    """Return how to notify, by `KDASH_NOTIFY`: none, bell (when it is not set), osc9 or both.

    Raises:
        ConfigError: it is set to something else.
    """
    chosen = environ.get(NOTIFY_VARIABLE) or "bell"
    found = _NOTIFY.get(chosen.strip().lower())
    if found is None:
        raise ConfigError(f"{NOTIFY_VARIABLE} is {chosen!r}", f"there are: {', '.join(_NOTIFY)}")
    return found
