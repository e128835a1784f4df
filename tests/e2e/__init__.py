"""Tests of the whole program on a real engine."""
