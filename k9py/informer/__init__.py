"""List and watch one kind in one scope, and keep what is known of it in an indexed store. Never sees HTTP."""
