"""The size of a log buffer: `KDASH_LOG_BUFFER`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from k9py.api.errors import ConfigError

LOG_BUFFER_VARIABLE: Final = "KDASH_LOG_BUFFER"
DEFAULT_BYTES: Final = 64 << 20
MIN_BYTES: Final = 1 << 20
MAX_BYTES: Final = 4 << 30

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(k|m|g)?i?b?", re.I)
_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def log_buffer_bytes(environ: Mapping[str, str]) -> int:
    """Return how many bytes of lines a log keeps: 64 MB, or the value of `KDASH_LOG_BUFFER`, such as "128MB" or "1GiB".

    K, M and G are powers of 1,024, with or without "iB" or "B"; a bare number is bytes.

    Raises:
        ConfigError: it is not a size, or is below 1 MB or above 4 GB.
    """
    value = environ.get(LOG_BUFFER_VARIABLE, "").strip()
    if not value:
        return DEFAULT_BYTES
    size = _SIZE.fullmatch(value)
    if size is None or not size[1].isascii():
        raise ConfigError(f"{LOG_BUFFER_VARIABLE} is {value!r}", "Set it to a size, such as 128MB.")
    count = int(float(size[1]) * _UNITS[(size[2] or "").lower()])
    if not MIN_BYTES <= count <= MAX_BYTES:
        raise ConfigError(f"{LOG_BUFFER_VARIABLE} is {value!r}", "Set it to between 1MB and 4GB.")
    return count
