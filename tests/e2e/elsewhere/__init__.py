"""What a learner does past the labs' terminals, on a real engine."""
