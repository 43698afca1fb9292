"""The lines that are kept: a buffer bounded by bytes, search and filter over it, saving."""
