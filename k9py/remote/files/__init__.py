"""Files of containers: copied with tar, cat and dd, and listed, by commands that run there; nothing else is needed.

Invariants: what a container sends is hostile. Nothing is written outside of the destination, no link is made or
followed below it, and a file that is not complete does not have its final name. Memory is bounded whatever the size.

`endpoints.py` reads SRC and DST; `copying.py` is the way in for both front ends; `download.py` and `upload.py` do it.
"""
