"""What goes to the terminal: only cells that differ, and no more frames than it takes."""
