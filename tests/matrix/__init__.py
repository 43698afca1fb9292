"""Every seeded failure for every kind of workload: its message, its exit code, and the undo."""
