"""A fake userland of containers: a shell, commands, a terminal and a file system in memory; no real process runs."""
