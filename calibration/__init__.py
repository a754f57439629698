"""Pixels to metres: floor plan, scene geometry, homography, camera pose and their uncertainty.

Knows no people and no video.
"""
