"""The drawn world: every file in this folder decides pixels or truth, so the cache's key is the hash of all of them."""
