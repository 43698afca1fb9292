"""What a line says: level, JSON or logfmt fields, colour sequences, and how it is shown. Pure."""
