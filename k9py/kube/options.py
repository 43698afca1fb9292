"""The options that choose a cluster. Imports no library: `--help` and the first frame need this module."""

from __future__ import annotations

from dataclasses import dataclass, field

from k9py.kube.sign_in import SignInListener


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """Which kubeconfig and which context to use.

    Args:
        kubeconfig: one path (`--kubeconfig`), which must exist; None means `KUBECONFIG` (several paths), then
            `~/.kube/config`, then the service account of the pod that kdash runs in.
        context: the context's name; None means the kubeconfig's current context.
        sign_in: notified of what a credential plugin prints while it waits for the person.
    """

    kubeconfig: str | None = None
    context: str | None = None
    sign_in: SignInListener | None = field(default=None, compare=False, repr=False)
