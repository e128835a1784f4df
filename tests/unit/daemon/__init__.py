"""The daemon's parts without a socket, a process or a container."""
