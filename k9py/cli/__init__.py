"""The command line: `kdash`. Options become values here; nothing heavy is imported before it is needed."""
