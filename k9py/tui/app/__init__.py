"""The dashboard as one app. Only the command line imports this package; screens get an `AppContext`."""
