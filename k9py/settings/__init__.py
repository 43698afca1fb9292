"""What a person may set: paths, config file, keymap."""
