"""What somebody signed about hours and days: findings judged, days replaced."""
