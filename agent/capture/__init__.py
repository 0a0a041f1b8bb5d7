"""Talking TO cameras: RTSP and files in, packets with wall times out."""
