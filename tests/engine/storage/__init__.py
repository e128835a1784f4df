"""Layers and images on disk, as root and as an ordinary user with a single id."""
