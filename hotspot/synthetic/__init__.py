"""A synthetic study with known truth: the demo and the tests' ground."""
