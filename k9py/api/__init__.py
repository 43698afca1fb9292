"""Kubernetes objects as typed values: just the fields k9py reads, decoded straight from JSON.

The bottom layer: imports nothing from k9py. To add a kind, write its Struct in the file of its group and one line in
`kinds`.
"""
