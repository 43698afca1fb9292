"""One module for each action or small family of actions; each defines a tuple `ACTIONS`."""
