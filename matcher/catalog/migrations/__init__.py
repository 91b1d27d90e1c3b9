"""Migrations of the database, shipped inside the package and run when it is opened."""

HEAD = "0009"
"""The newest revision in `versions/`; a test compares the two."""
