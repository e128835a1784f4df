"""labrunner: a hands-on course in containers that checks what you really did."""

__version__ = "0.1.0"


def load_ipython_extension(shell: object) -> None:
    """What ``%load_ext labrunner`` calls, with IPython's shell."""
    from labrunner.jupyter.extension import load  # noqa: PLC0415 - the command line needs none of it

    load(shell)
