"""The Docker Engine API over ``labrunner.runtime``: routes return values, and one module owns the unix socket."""
