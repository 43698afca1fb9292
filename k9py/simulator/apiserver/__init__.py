"""The API server's routes: each module answers one kind of request from the cluster's state.

Invariant: nothing here knows about sockets: a request comes as an `ApiRequest`, the answer goes as an `Answer`, and a
refusal is an `ApiFailure`. `dispatch.py` is the door; to add a verb or subresource, add a module and a case there.
"""
