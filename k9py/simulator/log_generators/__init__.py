"""Container logs: generated on read, determined by a seed."""
