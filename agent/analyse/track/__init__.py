"""Following things over time: association, life of a track, what a track remembers."""
