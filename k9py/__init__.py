"""k9py: a terminal dashboard for Kubernetes workloads (command `kdash`)."""

__version__ = "0.1.0"
