"""A Kubernetes API server in process: real HTTP on a loopback port, for `kdash --demo` and for tests.

Invariant: it imports aiohttp and the standard library only, nothing else of this project: a fake that shares code
with what it tests proves nothing. Everything in it lives on one thread and one event loop; `server.Simulator` is the
only door for other threads.
"""
