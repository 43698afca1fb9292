"""Rollouts of a workload: status, revisions, cohorts, template differences, undo. Pure."""
