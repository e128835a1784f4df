"""Images as the daemon knows them: names, configurations and layers. What is done to their files, workers do."""
