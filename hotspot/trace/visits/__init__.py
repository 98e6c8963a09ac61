"""What a team is sent to: causes, evidence, checklists and routes."""
