"""`kdash`, and `python -m k9py`.

Owns: the first moments of the process. Importing takes a few tenths of a second, in which Ctrl+C would end in a
traceback of whatever is just being imported, or in another exception than `KeyboardInterrupt`.
"""

from k9py.cli.process import default_sigint


def main() -> None:
    """Run `kdash` and exit the process."""
    with default_sigint():
        from k9py.cli.main import main as run
    run()


if __name__ == "__main__":
    main()
