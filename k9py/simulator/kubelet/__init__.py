"""The simulated kubelets: container lifecycle and pod status."""
