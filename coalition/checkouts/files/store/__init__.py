"""The SQL of files: which were taken, and what is told of each."""
