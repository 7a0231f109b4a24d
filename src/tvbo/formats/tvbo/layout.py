"""Where things lie in a companion, for the writer and the reader."""

from tvbo.storage import pair, stored

INLINE_NODES = 4096
RECORD, TEXT, PARENT = stored.RECORD, pair.TEXT, "tvbo/parent"
LINKS = "tvbo/links"
EXTRA, PARAMETERS, NODES = "tvbo/extra", "tvbo/parameters", "tvbo/nodes"
MAPPING, INDEX = "/mesh/region_mapping", "/nodes/parent_index"
# Keys of an edge in the sidecar, and attributes of its group, that an EdgeMatrix has a place of its own for.
EDGE_KEYS = ("label", "format", "unit", "directed", "target_network", "dimension_labels")
EDGE_ATTRS = ("tvbo_class", "format", "shape", "directed", "unit", "layout", "kind")
# Sparse layouts that other readers do not know: they get coo beside the original.
ORIGINAL = ("lil", "dok", "bsr", "dia")
# Flags that the writer finds by looking at the values, unless somebody stated them.
DERIVED = ("weighted", "valid_diagonal", "non_negative")
# Where others keep values of single edges, in the group of their matrix; they are carried along.
PARAMETERS_OF = "edge_parameters"
# What a Mesh tells of itself.
MESH_KEYS = ("element_type", "number_of_vertices", "number_of_elements")
# Everything below these is ours; what else lies in /tvbo is carried along.
OURS = (RECORD, PARENT, LINKS, EXTRA, PARAMETERS, NODES, TEXT)
# Parts of a matrix in its group; labels of its axes, which others write, stand in the sidecar too.
EDGE_PARTS = ("data", "indices", "indptr", "row", "col", "original", "_dim_row_labels", "_dim_col_labels")
