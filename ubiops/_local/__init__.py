"""Runs the code of a deployment package in this process, without the platform."""
