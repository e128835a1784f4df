"""The framing of the Docker API: heads, chunked bodies, upgrades, multiplexed streams; without a socket."""
