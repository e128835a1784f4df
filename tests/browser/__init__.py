"""A real browser before what labrunner shows."""
