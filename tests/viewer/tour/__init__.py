"""Functions that bring the window into each state worth a picture."""
