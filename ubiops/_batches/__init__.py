"""Many requests: created in batches, and collected in the order of their inputs."""
