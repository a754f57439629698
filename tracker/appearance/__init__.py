"""What people look like: crops of them as vectors, and how much two vectors say about being one person.

The vectors are personal data. They live in memory only and are gone with the run; nothing here writes them,
or the crops that they are made of, to a file.
"""
