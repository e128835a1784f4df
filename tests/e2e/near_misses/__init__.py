"""What every check of the labs refuses, and what it accepts, on a real engine: one walk for each lab."""
