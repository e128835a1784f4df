"""What is read and written of archives, without touching a disk."""
