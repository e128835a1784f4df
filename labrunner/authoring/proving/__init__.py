"""Proving the checks on a real engine: each refuses what is nearly right, and accepts what is right in another way."""
