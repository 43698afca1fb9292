"""What a person says about which cluster to reach. Imports nothing: `--help` and the first frame need it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k9py.kube.sign_in import SignInListener


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """Which kubeconfig and which context.

    Args:
        kubeconfig: one path (`--kubeconfig`, must exist); None means `KUBECONFIG` (several paths), then
            `~/.kube/config`, then the service account of the pod we run in.
        context: the context's name; None means the kubeconfig's current one.
        sign_in: told what a credential plugin says while it waits for the person.
    """

    kubeconfig: str | None = None
    context: str | None = None
    sign_in: SignInListener | None = field(default=None, compare=False, repr=False)
