"""What announces a month to the cities: notice, packages, forms to return."""
