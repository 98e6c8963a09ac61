"""What is printed for the field: sheets and the atlas, their maps and codes."""
