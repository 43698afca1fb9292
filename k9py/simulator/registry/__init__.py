"""The registry: resources, storage with history, defaults, strategies and validation."""
