"""In which namespace a forward of the config file is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from k9py.api.meta import ObjectRef
from k9py.api.resource_types import STANDARD
from k9py.config.forward_settings import ForwardSettings
from k9py.tui.remote.forward_control import saved_ref


@pytest.mark.parametrize(
    ("written", "shown", "expected"),
    [
        ("", ("pay",), "pay"),
        ("", (), "default"),
        ("", ("pay", "shop"), "default"),
        ("shop", ("pay",), "shop"),
    ],
)
def test_without_a_namespace_it_is_in_the_only_one_shown(written: str, shown: tuple[str, ...], expected: str) -> None:
    session: Any = SimpleNamespace(
        resource_types=STANDARD, namespace="default", cluster=SimpleNamespace(scope=SimpleNamespace(namespaces=shown))
    )
    ref = saved_ref(session, ForwardSettings("svc/web", ("80",), written))
    assert ref == ObjectRef("Service", expected, "web")
