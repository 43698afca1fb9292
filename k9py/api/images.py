"""Names of container images: the part a person knows them by, and where they come from."""

from __future__ import annotations


def image_parts(image: str) -> tuple[str, str]:
    """Return where an image comes from and its own name with tag: `r.example.com:5000/shop`, `checkout:2.8.0`.

    The first is "" for an image of the default registry's library (`nginx:1`).
    """
    repository, at, digest = image.partition("@")
    place, _, name = repository.rpartition("/")
    return place, f"{name}{at}{digest}"
