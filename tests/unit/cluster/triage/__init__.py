"""Tests of `cluster/triage/`."""
