"""Tests of the namespace runtime that need no privilege."""
