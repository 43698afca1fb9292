"""SRC and DST as kubectl cp reads them, and more."""

from __future__ import annotations

import pytest

from k9py.api.errors import RefusedError
from k9py.remote.files.endpoints import LocalEndpoint, RemoteEndpoint, parse_endpoint


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("a", LocalEndpoint("a")),
        ("-", LocalEndpoint("-")),
        ("./a:b", LocalEndpoint("./a:b")),
        ("/a:b", LocalEndpoint("/a:b")),
        ("web-1:/a:b", RemoteEndpoint("Pod", "web-1", "/a:b")),
        ("shop/web-1:a", RemoteEndpoint("Pod", "web-1", "a", "shop")),
        ("deploy/web:/a", RemoteEndpoint("Deployment", "web", "/a")),
        ("shop/sts/db:/a", RemoteEndpoint("StatefulSet", "db", "/a", "shop")),
        ("services/web-1:/a", RemoteEndpoint("Pod", "web-1", "/a", "services")),
    ],
)
def test_an_argument_is_a_local_path_or_one_of_a_container(text: str, endpoint: object) -> None:
    assert parse_endpoint(text) == endpoint


@pytest.mark.parametrize("text", ["", ":a", "web:", "a/b/c:/d", "a//b:/c", "a/b/c/d:/e"])
def test_other_arguments_are_refused_with_the_notation(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_endpoint(text)
    assert "POD:PATH" in caught.value.hint
