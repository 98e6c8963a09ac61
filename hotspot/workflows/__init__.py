"""What is done with a study, end to end: one module per verb of the shell."""
