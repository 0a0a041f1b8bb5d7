"""One TOML file for the gateway, one for the centre: read once into frozen models, all problems reported together."""
