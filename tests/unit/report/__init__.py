"""Unit tests of labrunner.report."""
