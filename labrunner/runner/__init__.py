"""A learner's home and journal, and the hands that do what a learner would."""
