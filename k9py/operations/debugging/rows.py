"""What is confirmed about a container for debugging, as rows: image, command, rights in plain words."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from k9py.api.text import printable
from k9py.operations.debugging.profiles import named_container, rights_of
from k9py.operations.values import short


def container_rows(pod: Mapping[str, Any], name: str, profile: str) -> Iterator[tuple[str, str, str]]:
    """Yield (what, "", value) rows about a container of a pod."""
    container = named_container(pod, name)
    yield "image", "", printable(short(str(container.get("image", ""))))
    command = [*(container.get("command") or ()), *(container.get("args") or ())]
    if command:
        yield "runs", "", printable(shlex.join(map(str, command)))
    yield "profile", "", f"{profile}: {rights_of(pod, name)}"
