"""Vector tiles: who may see which layer, what is kept, and what a tile is cut from."""
