"""What makes a container, as data: a specification and facts of the host in, ordered operations out.

Pure: no system call, no privilege, nothing looked up. ``operations`` are the words, ``container`` makes the world that
a first process sees, ``process`` makes an ordinary process, first or not. ``labrunner.runtime.perform`` does them.
"""
