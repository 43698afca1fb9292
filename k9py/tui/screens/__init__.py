"""Screens: each shows one subject in panes and answers the same keys for the object under the cursor."""
