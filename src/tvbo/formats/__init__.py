"""How the world comes in and goes out: one file, one format."""
