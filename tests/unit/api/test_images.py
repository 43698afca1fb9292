"""Image names as people know them."""

import pytest

from k9py.api.pods import image_parts


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("nginx", ("", "nginx")),
        ("nginx:1.27", ("", "nginx:1.27")),
        ("registry.example.com/shop/checkout:2.8.0", ("registry.example.com/shop", "checkout:2.8.0")),
        ("localhost:5000/checkout", ("localhost:5000", "checkout")),
        ("r.example.com/a/b@sha256:0123", ("r.example.com/a", "b@sha256:0123")),
        ("r.example.com/a/b:1@sha256:0123", ("r.example.com/a", "b:1@sha256:0123")),
        ("", ("", "")),
    ],
)
def test_an_image_is_split_into_repository_and_name(image: str, parts: tuple[str, str]) -> None:
    assert image_parts(image) == parts
