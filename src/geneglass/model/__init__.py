"""Networks, recipes, retrieval and model files."""
