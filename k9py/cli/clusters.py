"""Which cluster a command line means: the demo, a capsule, or the one of the kubeconfig."""

from __future__ import annotations

from pathlib import Path

from k9py.cli.demo import DemoCluster
from k9py.cli.embedded_cluster import EmbeddedCluster


def embedded_cluster(demo: str | None, replay: str | None) -> EmbeddedCluster | None:
    """Return the cluster in this process that is asked for, None for one of the kubeconfig.

    Raises:
        ConfigError: no such demo, or the file is no capsule.
    """
    if replay is not None:
        from k9py.cli.replay import ReplayCluster

        return ReplayCluster(Path(replay))
    return None if demo is None else DemoCluster(demo)
