"""Paging: which page comes next, and which of its items are new. Nothing here sends
anything."""
