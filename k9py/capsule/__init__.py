"""Incident capsules: an incident in one file, readable as Markdown, and opened without a cluster by `--replay`."""
