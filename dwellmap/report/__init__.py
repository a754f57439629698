"""The report on a period: one self-contained page and the tables behind it."""
