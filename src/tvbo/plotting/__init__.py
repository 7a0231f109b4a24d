"""How arrays become figures; knows no Network."""
