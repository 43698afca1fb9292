"""What rollouts are doing: status in words, revisions, template differences, old pods beside new. Pure."""
