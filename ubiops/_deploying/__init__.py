"""Deploying: bringing deployments and environments into the state that is wanted."""
