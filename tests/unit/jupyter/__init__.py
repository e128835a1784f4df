"""Unit tests of labrunner.jupyter."""
