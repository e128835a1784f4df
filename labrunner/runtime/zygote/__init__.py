"""The zygote: a small single-threaded program that the daemon executes once, and that forks shims and workers.

A fork of the daemon itself would copy far more and take threads along. ``spawn`` is called by the daemon, ``bootstrap``
makes the world in which all containers live, ``__main__`` is the program, ``fork`` what each child begins with.
"""
