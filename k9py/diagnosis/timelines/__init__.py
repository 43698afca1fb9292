"""The sources of the timeline: what the cluster still knows of the past. One module for each family, found by itself.

To add a source: a function with `@source(...)` in a module of this package (see `source.py`); nothing else names it.
"""
