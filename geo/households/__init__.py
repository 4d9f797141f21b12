"""Buildings, dwellings, households and visits."""
