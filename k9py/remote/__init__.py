"""Work inside containers: run a command, attach, open a shell, copy files. Both front ends use it."""
