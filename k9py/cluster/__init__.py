"""One cluster, live: its informers, their health, permissions, and the questions the screens ask."""
