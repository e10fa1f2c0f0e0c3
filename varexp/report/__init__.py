"""What is shown. Sees tables only."""
