"""The scenarios: a cluster's initial objects and the events that follow."""
