"""The tests that the package would have: those that every format inherits."""

from tvbo.testing.suite import FormatSuite


class TestEdges(FormatSuite):
    format = "edges"
    extension = ".edges"
