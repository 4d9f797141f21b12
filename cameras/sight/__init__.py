"""What a camera sees behind buildings: pure geometry, metric coordinates in and out."""
