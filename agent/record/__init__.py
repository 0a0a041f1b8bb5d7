"""Packets into segments on disk: catalogue, retention, clips. Knows nothing of analysis, network or UI."""
