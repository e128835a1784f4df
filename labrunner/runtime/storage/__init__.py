"""Images' layers on disk: blobs by digest, unpacked layers by short names, and the file work on both.

``tasks`` says what a worker can be asked for. Nothing here is called in the daemon's process.
"""
