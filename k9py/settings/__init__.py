"""What the surroundings decide: where files live, and what the terminal can take. Pure: the environment is an argument."""
