"""
Many networks at once: a function of each, one array over all, and their average.

``map_networks`` does a function for each network on processes, Dask or any executor, and goes on where an earlier run
ended. ``open_cohort`` opens one matrix of all as a labelled, lazy array. ``average`` gives mean, standard deviation and
count. See docs/cohorts.md.
"""

from tvbo.cohort.averaging import Average, average
from tvbo.cohort.items import Item, find_items
from tvbo.cohort.mapping import map_networks
from tvbo.cohort.report import Failure, Outcomes, Record
from tvbo.cohort.stack import Cohort, open_cohort

__all__ = [
    "Average",
    "Cohort",
    "Failure",
    "Item",
    "Outcomes",
    "Record",
    "average",
    "find_items",
    "map_networks",
    "open_cohort",
]
