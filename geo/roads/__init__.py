"""Road sections and travel over them."""
