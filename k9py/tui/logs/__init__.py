"""What the log screen is made of besides its panes: which sources are shown, copying, saving, comparing revisions."""
