"""How arrays and records rest on disk; knows no Network."""
