"""The stand-ins on a real engine: as good as the hub's where the labs look, and never in its images' place."""
