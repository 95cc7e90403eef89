"""Simulators: from gate records to amplitudes and Born probabilities."""
