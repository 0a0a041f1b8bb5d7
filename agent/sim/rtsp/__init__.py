"""A small RTSP server (RFC 2326) that plays loops as a camera would."""
