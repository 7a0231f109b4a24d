"""For our tests and for yours."""
