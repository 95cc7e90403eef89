"""Trained networks for other programs: what is exported, and how it is written as C, ONNX and NumPy arrays."""
