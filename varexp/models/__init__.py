"""The trained maps."""
