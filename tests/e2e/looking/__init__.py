"""What changes nothing on the engine, and so may run beside the tests that do."""
