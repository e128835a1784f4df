"""The scope without an engine: its decisions, and the process that cannot come up."""
