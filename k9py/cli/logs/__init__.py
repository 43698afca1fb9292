"""`kdash logs`: the logs of a workload, a service, a pod or a selector, printed or followed without a screen."""
