"""What a learner does at a keyboard, with the real commands in real terminals on a real engine."""
