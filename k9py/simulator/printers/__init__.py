"""Printers: objects as the table rows that kubectl shows."""
