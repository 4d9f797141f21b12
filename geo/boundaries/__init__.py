"""Changing boundaries: change sets drafted by several people, reviewed by another, published at once."""
