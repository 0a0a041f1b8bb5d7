"""Rules: pure, state and observation in, state and happenings out, time from the observation alone."""
