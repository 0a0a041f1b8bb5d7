"""Finding things in one picture: the port, and what implements it."""
