"""Measurements of this client, beside the official client and bare urllib3."""
