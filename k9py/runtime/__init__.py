"""What every asyncio program needs and Kubernetes knows nothing of: clock, backoff, time slices, garbage collection.

Layer 0: imports nothing of ours. To add to it: one module a thing, with its clock or random source as an argument.
"""
