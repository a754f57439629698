"""A camera that is watched as it happens: the floor now, and a run for every hour."""
