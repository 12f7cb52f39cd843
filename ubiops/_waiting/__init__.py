"""Waiting for something to finish: polling, and showing that it goes on."""
