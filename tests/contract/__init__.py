"""What the Docker Engine API promises, asked of Docker itself and of the namespace engine."""
