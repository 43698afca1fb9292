"""`kdash forward`: a port-forward without the dashboard."""
