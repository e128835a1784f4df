"""From what a client asked for and an image to ``ContainerSpec``: Docker's defaults, rules and refusals.

Nothing here looks at a process or changes a file, but for the trial that a bind's source exists.
"""
