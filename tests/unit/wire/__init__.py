"""The framing of the Docker API."""
