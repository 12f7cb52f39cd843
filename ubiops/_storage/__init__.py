"""Files in buckets: their addresses, and the storage that holds their content."""
