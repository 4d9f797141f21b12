"""Floor 3: the camera register, what cameras see and what they do not."""
