"""How a container behaves once a node runs it: chosen by its image, or by an annotation on the pod.

Pure. Images that no registry has fail to pull; tags may say what happens (`broken:crash`, `:oom`, `:unready`,
`:initfail`, `:slow`); else a container works. The pod annotation `sim.k9py.dev/behaviour` overrides both, for all
containers (`crash`) or by name (`app=oom,proxy=ready:5`). To add a behaviour, add a class and a word in `_parsed`.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANNOTATION = "sim.k9py.dev/behaviour"

ABSENT_IMAGES = frozenset({"registry.example.com/shop/checkout:2.8.0"})
"""Images that were released before anyone pushed them."""

_ABSENT_TAGS = frozenset({"badimage", "missing", "absent", "nope", "notfound", "doesnotexist"})


@dataclass(frozen=True, slots=True)
class Works:
    """Starts and keeps running; ready so many seconds after its start."""

    ready_after: float = 1.0


@dataclass(frozen=True, slots=True)
class Exits:
    """Runs for so many seconds and exits."""

    code: int = 1
    after: float = 3.0
    reason: str = "Error"


@dataclass(frozen=True, slots=True)
class NeverReady:
    """Keeps running, and its readiness probe keeps failing."""


@dataclass(frozen=True, slots=True)
class NoImage:
    """Its image cannot be pulled."""


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """Cannot be created: the annotation says nothing known."""

    why: str


Behaviour = Works | Exits | NeverReady | NoImage | Misconfigured

_OUT_OF_MEMORY = Exits(137, 4.0, "OOMKilled")
_SLOW = Works(20.0)


def behaviour_of(pod: Mapping[str, Any], container: Mapping[str, Any], *, init: bool) -> Behaviour:
    """Return how one container of a pod behaves."""
    annotation = (pod["metadata"].get("annotations") or {}).get(ANNOTATION, "")
    for entry in filter(None, annotation.split(",")):
        name, named, word = entry.rpartition("=")
        if named and name.strip() != container["name"]:
            continue
        if not named and init and not entry.startswith("init"):
            continue
        if not named and not init and entry.startswith("init"):
            continue
        try:
            return _parsed(word.strip())
        except ValueError as error:
            return Misconfigured(str(error))
    ends = pod["spec"].get("restartPolicy", "Always") != "Always"
    return _by_image(container.get("image", ""), init=init, ends=ends)


def is_restarted(pod: Mapping[str, Any], ended: Exits, *, init: bool) -> bool:
    """Tell whether the kubelet starts a container again after it has ended so."""
    policy = pod["spec"].get("restartPolicy", "Always")
    if init:
        return bool(ended.code) and policy != "Never"
    return policy == "Always" or (policy == "OnFailure" and ended.code != 0)


@functools.lru_cache(maxsize=4096)
def _by_image(image: str, *, init: bool, ends: bool) -> Behaviour:
    words = re.split(r"[^a-z0-9]+", image.rpartition("/")[2].partition(":")[2].lower())
    joined = "".join(words)
    if image in ABSENT_IMAGES or joined in _ABSENT_TAGS or _ABSENT_TAGS & set(words):
        return NoImage()
    if "initfail" in joined:
        return Exits(1, 1.0) if init else Works()
    if init:
        return Exits(0, 0.5, "Completed")
    for word, behaviour in (
        ("crash", Exits(1, 3.0)),
        ("oom", _OUT_OF_MEMORY),
        ("unready", NeverReady()),
        ("slow", _SLOW),
    ):
        if word in words:
            return behaviour
    if ends:
        return Exits(0, 8.0, "Completed")
    return Works()


def _parsed(word: str) -> Behaviour:
    """Read one word of the annotation.

    Raises:
        ValueError: it says nothing known.
    """
    name, _, number = word.partition(":")
    match name:
        case "ready":
            return Works(float(number or 1.0))
        case "slow":
            return Works(float(number or _SLOW.ready_after))
        case "crash":
            return Exits(int(number or 1), 3.0)
        case "init-failure" | "initfail":
            return Exits(int(number or 1), 1.0)
        case "oom":
            return _OUT_OF_MEMORY
        case "unready":
            return NeverReady()
        case "image-missing":
            return NoImage()
        case "complete":
            return Exits(0, float(number or 8.0), "Completed")
        case _:
            raise ValueError(f"unknown behaviour {word!r} in annotation {ANNOTATION}")
