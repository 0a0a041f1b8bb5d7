"""The history of the small tables."""
