"""The fixed maps: norms, interpolation, layers, targets, domains. Nothing here is trained."""
