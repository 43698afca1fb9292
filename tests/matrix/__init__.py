"""Every seeded failure, for every kind of workload: what is said, what scripts are told, and the way back."""
