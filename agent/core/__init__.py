"""The vocabulary: frozen types, ports, clock, stop token, bounded queues, errors, back-off, geometry. Imports nothing of ours."""
