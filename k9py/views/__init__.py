"""Rows and columns as values (text, tone, sort key) for the dashboard and the command line. No terminal here."""
