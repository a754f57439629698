"""The application: command line, site file, pipeline, runs and the demo shop."""
