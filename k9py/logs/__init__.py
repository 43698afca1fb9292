"""Logs of many pods as one stream: targets, resume, gaps, merge, bounds. Sees the network through `LogSource`."""
