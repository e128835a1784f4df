"""The shim: the parent of one container, which outlives the daemon.

Only a parent gets an exit code, so the shim forks the first process and every exec. It writes the run folder's records
and the log, holds the terminal and the ends of the pipes, and answers on the run folder's socket. Single-threaded: a
``loop`` of callbacks; ``connection`` speaks messages, ``streams`` and ``client`` carry bytes, ``child`` forks.
"""
