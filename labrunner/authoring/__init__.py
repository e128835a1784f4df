"""Judging the labs themselves: lint."""
