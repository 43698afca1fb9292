"""Kubernetes objects as typed values: just the fields k9py reads, decoded straight from JSON.

The ground floor: imports nothing of ours. To add a kind, write its Struct in the file of its group and one line in
`kinds`.
"""
