"""The namespace engine as a user meets it: by the commands of labrunner."""
