"""Writes to a cluster: plan, preflight, dry-run, apply, audit. The only package that writes, through one function."""
