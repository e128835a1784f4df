"""The tests of labrunner."""
