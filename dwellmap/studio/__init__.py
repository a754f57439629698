"""The browser studio: calibrate cameras, draw zones, look at runs, on this machine only."""
