"""Linking: tracklets of a whole recording joined into people, by one optimum over all of it.

Lengths are told in person heights (the height of somebody's box, or 1.7 m on the floor), times in seconds and
costs in nats (log likelihood ratios), so that one set of settings holds for every camera.
"""
