"""Footage taken out as evidence: clips, what is stated of them, and a verifier that needs nothing of ours."""
