"""The table `[debug]` of the config file: what debugging starts with.

    [debug]
    image = "registry.example.com/tools:1"
    profile = "restricted"

Invariant: every setting has a default, so that debugging works without a file.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Profile = Literal["general", "baseline", "restricted", "netadmin", "sysadmin"]
"""What kubectl debug calls a profile."""


class DebugSettings(msgspec.Struct, frozen=True):
    """What a debugging session has unless something else is chosen.

    Args:
        image: of a debug container.
        profile: what a debug container may do; as with kubectl, "general" unless something else is set.
        node_image: of a pod on a node; "" takes `image`.
        node_profile: what a pod on a node may do; "" takes `profile`.
        node_namespace: where pods on nodes are created, unless -n of `kdash debug` names another one; "": where
            the session is.
    """

    image: str = "busybox:1.37"
    profile: Profile = "general"
    node_image: str = ""
    node_profile: Profile | Literal[""] = ""
    node_namespace: str = ""

    @property
    def profile_on_node(self) -> Profile:
        """What a pod on a node may do."""
        return self.node_profile or self.profile

    @property
    def image_on_node(self) -> str:
        """The image of a pod on a node."""
        return self.node_image or self.image
