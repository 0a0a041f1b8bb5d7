"""Somebody has interfered with the camera: what of the picture itself says so."""
