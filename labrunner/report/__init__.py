"""Verdicts and lists as text and as JSON: everything here returns values and prints nothing."""
