"""The dashboard's way into containers and to their ports: dialogs, the handed-over terminal, files."""
