"""The paths of Docker's API, one module for each kind of thing; a route takes the engine, a request and a name."""
