"""Migrations of the database, shipped inside the package and run when it is opened."""

HEAD = "0010"
"""The newest revision in `versions/`; a test compares the two."""
