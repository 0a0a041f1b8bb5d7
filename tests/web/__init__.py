"""A package, so that the demo of its tests ends with the last of them."""
