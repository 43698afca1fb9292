"""Building blocks of any asyncio program, without Kubernetes: clock, backoff, time slices, garbage collection.

Layer 0: imports nothing from k9py. To add to it: one module per concern, with its clock or random source as an
argument.
"""
