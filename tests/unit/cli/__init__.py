"""Unit tests of labrunner.cli."""
