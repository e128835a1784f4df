"""Run the checks in a process of their own and turn what they saw into verdicts."""
