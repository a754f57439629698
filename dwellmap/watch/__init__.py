"""The drop folder: footage lands in a folder, maps appear; nothing is lost and nothing done twice."""
