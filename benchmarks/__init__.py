"""Benchmarks of this client against the official client and bare urllib3."""
