"""Unit tests of labrunner.authoring."""
