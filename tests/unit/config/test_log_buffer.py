"""The size of a log buffer."""

from __future__ import annotations

import pytest

from k9py.api.errors import ConfigError
from k9py.config.log_buffer import log_buffer_bytes


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (None, 64 << 20),
        ("", 64 << 20),
        ("128MB", 128 << 20),
        ("1 GiB", 1 << 30),
        ("1.5g", 3 << 29),
        ("2097152", 2 << 20),
        ("2048k", 2 << 20),
    ],
)
def test_the_size_of_the_buffer_is_read(value: str | None, size: int) -> None:
    assert log_buffer_bytes({} if value is None else {"KDASH_LOG_BUFFER": value}) == size


@pytest.mark.parametrize("value", ["lots", "-1MB", "10", "9GB", "1TB", "٣MB", "1MB2"])
def test_a_value_that_is_no_size_is_refused_with_a_hint(value: str) -> None:
    with pytest.raises(ConfigError) as raised:
        log_buffer_bytes({"KDASH_LOG_BUFFER": value})
    assert "KDASH_LOG_BUFFER" in raised.value.message
    assert "MB" in raised.value.hint
