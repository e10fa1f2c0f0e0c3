"""Speed, as ratios of two things that are measured in turn in one run."""
