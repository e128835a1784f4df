"""Containers as the daemon knows them: what each is, what can be done with it, how it is found after a crash."""
