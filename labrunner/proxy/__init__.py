"""The scope: the Docker API between a learner and a shared engine, which removes only what the labs made."""
