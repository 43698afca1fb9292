"""The command line: `kdash`."""
