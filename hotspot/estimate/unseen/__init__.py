"""Days that nobody saw: their conditional mean and variance, carried into the month."""
