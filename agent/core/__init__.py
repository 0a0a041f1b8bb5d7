"""The vocabulary: types, ports, clock, stop token, queues, errors, back-off, geometry. Imports nothing of ours."""
