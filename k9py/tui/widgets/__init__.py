"""Widgets that know nothing of Kubernetes: they take plain values and draw only what changed.

`LiveTable` rows by key; `LogView` a bounded log; `TextView` read-only text; `FilterBar`, `SegmentBar`
and `NumberInput` for the rest of a screen. All text given to a widget is made printable before it is drawn; markup is
off.
"""
