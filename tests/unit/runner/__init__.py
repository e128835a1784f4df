"""Unit tests of labrunner.runner."""
