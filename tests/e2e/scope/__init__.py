"""The scope on a real engine that others use too."""
