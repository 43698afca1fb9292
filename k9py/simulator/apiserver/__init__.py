"""The API server's handlers: each module answers one kind of request from the cluster's state.

Invariant: no sockets here: a handler takes an `ApiRequest`, returns an `ApiResponse` and raises `StatusError`.
`dispatch.py` is the entry point; to add a verb or subresource, add a module and a case there.
"""
