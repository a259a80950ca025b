"""What is on disk, as arrays and tables."""
