"""labrunner: a hands-on course in containers that checks what you really did."""

__version__ = "0.1.0"
