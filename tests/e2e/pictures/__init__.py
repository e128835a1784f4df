"""What the pictures of the concepts are drawn from, recorded on a real engine."""
