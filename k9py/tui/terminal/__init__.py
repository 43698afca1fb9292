"""Output to the terminal: only cells that differ, and no more frames than the link carries."""
