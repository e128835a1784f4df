"""Unit tests: everything that needs no engine."""
