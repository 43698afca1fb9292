"""What the informers of one API server have learnt of it together.

Invariant: one object a connection, shared by all its informers and kept when the scope changes. What is learnt is a
matter of the whole server, never of one kind: whoever finds out tells it here, and nobody finds it out again.
To learn another thing: an attribute here, set where `Watcher` meets it.
"""

from __future__ import annotations

from datetime import datetime


class ServerTraits:
    """How this server departs from what current API servers do.

    Attributes:
        streams_lists: it ends a streamed list (`sendInitialEvents`) with the bookmark it has to end with. False after
            the first refusal, and after the first such list without that bookmark: filtering proxies drop it.
        went_back_at: when it was last found to have gone back in time, None: never.
    """

    def __init__(self) -> None:
        self.supports_streaming_lists = True
        self.restored_at: datetime | None = None
