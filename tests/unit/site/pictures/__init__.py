"""Unit tests of labrunner.content."""
