"""The self-paced site: the labs and the docs as pages that are read anywhere."""
