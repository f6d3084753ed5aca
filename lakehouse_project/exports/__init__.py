"""Lists of every layer written to files: what can be named, the service, its routes and its task."""
