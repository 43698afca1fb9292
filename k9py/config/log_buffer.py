"""How many bytes of log lines are kept, by `KDASH_LOG_BUFFER`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from k9py.api.errors import ConfigError

LOG_BUFFER_VARIABLE: Final = "KDASH_LOG_BUFFER"
DEFAULT_BYTES: Final = 64 << 20
LEAST_BYTES: Final = 1 << 20
MOST_BYTES: Final = 4 << 30

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(k|m|g)?i?b?", re.I)
_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def log_buffer_bytes(environ: Mapping[str, str]) -> int:
    """Return how many bytes of lines a log keeps: 64 MB, or what `KDASH_LOG_BUFFER` says, such as "128MB" or "1GiB".

    K, M and G are powers of 1,024, with or without "iB" or "B"; a bare number is bytes.

    Raises:
        ConfigError: it is no size, or one below 1 MB or above 4 GB.
    """
    chosen = environ.get(LOG_BUFFER_VARIABLE, "").strip()
    if not chosen:
        return DEFAULT_BYTES
    found = _SIZE.fullmatch(chosen)
    if found is None or not found[1].isascii():
        raise ConfigError(f"{LOG_BUFFER_VARIABLE} is {chosen!r}", "a size is wanted, such as 128MB")
    size = int(float(found[1]) * _UNITS[(found[2] or "").lower()])
    if not LEAST_BYTES <= size <= MOST_BYTES:
        raise ConfigError(f"{LOG_BUFFER_VARIABLE} is {chosen!r}", "between 1MB and 4GB are possible")
    return size
