"""Metres and seconds: smoothed trajectories, stays, visits, accumulators and maps.

Sees tracks and calibration values, never a decoder or a model.
"""
