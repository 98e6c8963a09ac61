"""What stands where: facilities, rivers and roads, terrain."""
