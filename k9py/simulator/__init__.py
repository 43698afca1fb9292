"""A Kubernetes cluster in process with a real HTTP API on a loopback port, for `kdash --demo` and for tests.

Invariant: it imports aiohttp and the standard library only, nothing else of this project: a simulator that shares code
with the client it tests proves nothing. Everything runs on one thread and one event loop; other threads use
`server.Simulator`.

Layout, named after the components of a real cluster: `registry/` (resources, storage, defaults, validation),
`apiserver/` (requests, watches, patches), `printers/` (tables), `admission.py`, `controllers/`, `scheduler/`,
`kubelet/`, `log_generators/` (what containers write) and `scenarios/` (initial objects and events).
"""
