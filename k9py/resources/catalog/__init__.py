"""One module for each kind with columns of its own. Each has a tuple `RESOURCES`; `resources/registry.py` finds it."""
