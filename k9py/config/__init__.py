"""What the surroundings decide: where files live and what the terminal can take. The environment is an argument."""
