"""How a container behaves when it runs: by its image, or by an annotation of the pod.

Pure. Images that do not exist fail to pull; a tag may name a behaviour (`broken:crash`, `:oom`, `:unready`,
`:initfail`, `:slow`); otherwise a container works. The pod annotation `sim.k9py.dev/behaviour` overrides both, for
all containers (`crash`) or by name (`app=oom,proxy=ready:5`). To add a behaviour, add a class and a case in
`_parsed`.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANNOTATION = "sim.k9py.dev/behaviour"

ABSENT_IMAGES = frozenset({"registry.example.com/shop/checkout:2.8.0"})
"""Images that do not exist in the registry."""

_ABSENT_TAGS = frozenset({"badimage", "missing", "absent", "nope", "notfound", "doesnotexist"})


@dataclass(frozen=True, slots=True)
class Works:
    """Starts and keeps running; ready after `ready_after` seconds."""

    ready_after: float = 1.0


@dataclass(frozen=True, slots=True)
class Exits:
    """Runs for `after` seconds and exits."""

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
    """Cannot be created: the annotation is invalid."""

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
    ends = pod["spec"].get("restartPolicy", "Always") != "Always" and not container.get("stdin")  # a shell waits
    behaviour = _by_image(container.get("image", ""), init=init, ends=ends)
    if isinstance(behaviour, Exits | Works) and not init:
        return _by_command(container, behaviour)
    return behaviour


def _by_command(container: Mapping[str, Any], by_image: Exits | Works) -> Behaviour:
    """Return how a container behaves whose command says more than its image: it sleeps."""
    words = [str(word) for word in (*(container.get("command") or ()), *(container.get("args") or ()))]
    if words[:1] == ["sleep"] and len(words) == 2 and (words[1] == "infinity" or words[1].isdecimal()):
        return Works() if words[1] == "infinity" else Exits(0, float(words[1]), "Completed")
    return by_image


def is_restarted(pod: Mapping[str, Any], ended: Exits, *, init: bool) -> bool:
    """Return whether the kubelet restarts a container after this exit."""
    policy = pod["spec"].get("restartPolicy", "Always")
    if init:
        return bool(ended.code) and policy != "Never"
    return policy == "Always" or (policy == "OnFailure" and ended.code != 0)


@functools.lru_cache(maxsize=4096)
def _by_image(image: str, *, init: bool, ends: bool) -> Behaviour:
    tag_words = re.split(r"[^a-z0-9]+", image.rpartition("/")[2].partition(":")[2].lower())
    joined = "".join(tag_words)
    if image in ABSENT_IMAGES or joined in _ABSENT_TAGS or _ABSENT_TAGS & set(tag_words):
        return NoImage()
    if "initfail" in joined:
        return Exits(1, 1.0) if init else Works()
    if init:
        return Exits(0, 0.5, "Completed")
    for tag_word, behaviour in (
        ("crash", Exits(1, 3.0)),
        ("oom", _OUT_OF_MEMORY),
        ("unready", NeverReady()),
        ("slow", _SLOW),
    ):
        if tag_word in tag_words:
            return behaviour
    if ends:
        return Exits(0, 8.0, "Completed")
    return Works()


def _parsed(entry: str) -> Behaviour:
    """Parse one entry of the annotation.

    Raises:
        ValueError: unknown behaviour.
    """
    name, _, number = entry.partition(":")
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
            return Exits(137, float(number or _OUT_OF_MEMORY.after), "OOMKilled")
        case "unready":
            return NeverReady()
        case "image-missing":
            return NoImage()
        case "complete":
            return Exits(0, float(number or 8.0), "Completed")
        case _:
            raise ValueError(f"unknown behaviour {entry!r} in annotation {ANNOTATION}")
