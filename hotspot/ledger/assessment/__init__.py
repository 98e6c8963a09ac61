"""Units assessed: points, ladders, escalation and what follows from them."""
