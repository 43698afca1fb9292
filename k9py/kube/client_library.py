"""Imports kubernetes_asyncio without its 835 generated modules, in a thread, with the garbage collector off.

Owns: the one place where kubernetes_asyncio is imported. The `__init__` modules of its packages import every model and
API (over a second of CPU); the REST session, the only part that kdash uses, needs none of them. Therefore the packages
are registered as empty ones, and only the needed modules are run. Where that fails (a release with another layout), the
plain import is the fallback: the same class, but slower.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import importlib.machinery
import importlib.util
import sys
import types
from dataclasses import dataclass
from typing import Any

_ROOT = "kubernetes_asyncio"
_EMPTY_PACKAGES = (_ROOT, f"{_ROOT}.client")
_MODULES = (f"{_ROOT}.client.exceptions", f"{_ROOT}.client.rest")


@dataclass(frozen=True, slots=True)
class ClientLibrary:
    """What kdash uses of kubernetes_asyncio. Typed Any: the library has no types for its client."""

    rest_client: Any
    """The class `RESTClientObject`: encodes and sends requests over one aiohttp session."""


async def load_client() -> ClientLibrary:
    """Import the library in a thread, so that the event loop continues to draw."""
    return await asyncio.to_thread(import_client)


def import_client(*, lean: bool = True) -> ClientLibrary:
    """Import the library; later calls return what is loaded.

    Args:
        lean: skip the generated modules.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        rest = _import_lean() if lean and _ROOT not in sys.modules else None
        if rest is None:
            rest = importlib.import_module(f"{_ROOT}.client.rest")
        importlib.import_module("k9py.kube.connection")
        return ClientLibrary(rest.RESTClientObject)
    finally:
        if was_enabled:
            gc.enable()


def _import_lean() -> types.ModuleType | None:
    """Return the module `client.rest`, None when the library has another layout than expected."""
    spec = importlib.util.find_spec(_ROOT)
    if spec is None or not spec.submodule_search_locations:
        return None
    try:
        for name in _EMPTY_PACKAGES:
            _register_empty_package(name, spec.submodule_search_locations[0])
        for name in _MODULES:
            module = importlib.import_module(name)
    except (ImportError, AttributeError):
        module = None
    if module is None or not hasattr(module, "RESTClientObject"):
        for name in [name for name in sys.modules if name == _ROOT or name.startswith(f"{_ROOT}.")]:
            del sys.modules[name]
        return None
    return module


def _register_empty_package(name: str, root: str) -> None:
    location = "/".join([root, *name.split(".")[1:]])
    package = types.ModuleType(name)
    package.__path__ = [location]
    package.__package__ = name
    package.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    package.__spec__.submodule_search_locations = [location]
    sys.modules[name] = package
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, package)
