"""The labs as notebooks, on a real engine and in a real kernel."""
