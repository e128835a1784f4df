"""Unit tests of labrunner.site."""
