"""What a user can do in kdash, as data: one `Action` for each, found in `catalog/`.

Bindings, footer, help, command palette, `:` commands, CLI help and every key named in a text on the screen are derived
from these descriptors, so a remapped key is named correctly everywhere.

Invariants: nothing here imports Textual or kubernetes_asyncio, and importing the registry is cheap enough for
`kdash --help`. An action acts only through `ActionHost`, which the screens implement; one that changes the cluster
calls `ActionHost.operate` and nothing else.

To add an action: one module in `catalog/` with a tuple `ACTIONS`. The registry discovers it.
"""
