"""Values of metrics, collected in the background."""
