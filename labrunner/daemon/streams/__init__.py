"""A client's connection and a process's streams, joined: attach and exec, both ways and with back-pressure."""
