"""The history of the tables of a day; in SQLite each day's file goes through it by itself."""

HEAD = "0001"
"""The newest version: a file that says so is not looked at any further."""
