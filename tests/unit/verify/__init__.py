"""Unit tests of labrunner.verify."""
