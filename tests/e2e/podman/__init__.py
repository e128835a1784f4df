"""The labs on Podman, by the real docker client, through the service that labrunner starts."""
