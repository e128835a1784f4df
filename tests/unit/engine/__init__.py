"""Unit tests of labrunner.engine."""
