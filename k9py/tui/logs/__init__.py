"""Logs in the dashboard beside their widget: the stream, which sources are shown, copying, saving, comparing."""
