"""What is measured: training, traces along trajectories, attacks, and the soundness of it all."""
