"""A camera as it happens: read in a process of its own, its pictures with true times, its breaks told."""
