"""What goes to the terminal."""
