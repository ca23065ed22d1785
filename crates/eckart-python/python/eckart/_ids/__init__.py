"""Ids: what names rows and columns, and whole numbers that are ids rather than data."""
