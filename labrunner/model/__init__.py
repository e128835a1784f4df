"""The words of the course as frozen data: labs, actions, verdicts, progress, errors. Standard library only."""
