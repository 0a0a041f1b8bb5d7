"""Everything that crosses a process: topics, messages, framing to the child, the MQTT connection."""
