"""The simulated kube-controller-manager: one module per controller and the rules they share."""
