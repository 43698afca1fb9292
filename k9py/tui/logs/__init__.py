"""Logs in the dashboard, without their widget: the stream, which sources are shown, copying, saving, comparing."""
