"""Containers as the daemon knows them: what each is, what can be done with it, and how it is found again after a crash."""
