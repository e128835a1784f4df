"""What a container may use: a group of its own in the kernel's control groups (cgroups(7)), of either version.

``layout`` reads where the host has them, ``group`` is one container's, ``limits`` turns limits into files.
"""
