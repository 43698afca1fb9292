"""Commands inside containers: `kdash exec`, `attach` and `shell`."""
