"""Tests of control groups: the pure parts anywhere, the others as root where the host has them."""
