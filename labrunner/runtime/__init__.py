"""The namespace runtime: what a container is made of on Linux. Imports nothing of the course; a textbook to read alone.

``spec`` says what is to run, ``plan`` turns it into ordered operations, ``syscalls`` has every system call; ``zygote``
forks the ``shim`` of each container and the workers that do file work; ``messages`` is all that these processes say.
docs/decisions/0013-the-namespace-engine.md draws them.
"""
