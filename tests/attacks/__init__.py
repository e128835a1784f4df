"""Attacks from inside a container, each first shown to work where the defence is off, then to fail."""
