"""`kdash why`, and `kdash status` without an object: what is wrong, and why."""
