"""The schema's history; each version is a step that runs once."""
