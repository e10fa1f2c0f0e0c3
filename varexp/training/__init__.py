"""From a problem to trained models: recipes, objectives, ensembles, recorded steps."""

import varexp.training.objectives  # noqa: F401  # registers them
