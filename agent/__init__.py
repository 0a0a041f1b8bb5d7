"""Lamppost: an edge agent for gateways beside ONVIF cameras, and the centre it reports to."""

__version__ = "0.1.0"
