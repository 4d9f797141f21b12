"""The grid atlas: what a printed sheet of a grid or community holds, read from the database."""
