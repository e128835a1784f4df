"""``python -m labrunner`` is the command ``labrunner``."""

from labrunner.cli.entry import main

if __name__ == "__main__":
    main()
