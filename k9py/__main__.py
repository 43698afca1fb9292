"""`python -m k9py` is `kdash`."""

from k9py.cli.main import main

if __name__ == "__main__":
    main()
