"""Comparison of two periods: what each side is, what differs, and the page that says so."""
