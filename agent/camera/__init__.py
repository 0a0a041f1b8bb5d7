"""Talking about cameras: finding them (mDNS, WS-Discovery) and asking them what they are (ONVIF)."""
