"""What a proof is made of, without an engine."""
