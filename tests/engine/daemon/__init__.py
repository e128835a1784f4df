"""The daemon with real shims and containers: what is left after it was killed, and what a start refuses."""
