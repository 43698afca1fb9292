"""The dashboard: app, screens, panes, widgets, dialogs."""
