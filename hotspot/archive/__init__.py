"""What is new of an archive, brought into the data folder as whole files; after that nothing asks a network."""
