"""Station series, reference and micro, fixed and mobile."""
