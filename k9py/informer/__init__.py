"""List and watch one kind in one scope, and keep its objects in an indexed store.

The names are those of client-go and kube-rs. Data goes one way: `lister_watcher` (bytes) -> `decoder` -> `watcher`
(a state machine that yields `events`) -> `reflector` -> `store`. `health` is what the reflector reports alongside, and
`timing` holds every limit and delay. Never sees HTTP: `kube/` implements `ListerWatcher`.
"""
