"""Streams into containers: upgraded connections, exec, attach, port-forward, and the fake processes at their end."""
