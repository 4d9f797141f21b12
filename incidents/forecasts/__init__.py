"""Forecasts of where incidents are to be expected: asked for as a job, stored as bands that expire."""
