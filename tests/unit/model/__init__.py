"""Unit tests of labrunner.model."""
