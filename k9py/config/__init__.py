"""What the environment decides: where files are, and what the terminal can do. The environment is an argument."""
