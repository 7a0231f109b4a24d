"""How the pages are built: every notebook is run, and a cell that fails stops the build."""

import importlib.metadata
import re
import tempfile
from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "tvbo"
author = "The tvbo developers"
copyright = author
release = version = importlib.metadata.version("tvbo")

extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
exclude_patterns = ["_build", "**.ipynb_checkpoints", "jupyter_execute"]
html_theme = "pydata_sphinx_theme"
html_title = "tvbo"
html_static_path = ["_static"]
html_extra_path = ["sidecar.schema.json"]
html_css_files = ["tvbo.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": True,
    "show_toc_level": 2,
    "header_links_before_dropdown": 5,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
}

# Run at each build, in a folder that is thrown away; what fails is an error, and so is what prints a traceback.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
nb_render_markdown_format = "myst"
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_inherit_docstrings = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
default_role = "code"

suppress_warnings = ["mystnb.unknown_mime_type"]


def _lead_inside(app: object, page: str, source: list[str]) -> None:
    """Let a link to a file beside docs/ lead to the page that includes it: the text is read on git hosts, too."""
    up = "../" * page.count("/")
    source[0] = re.sub(
        rf"\]\({re.escape(up)}\.\./([A-Z]+)\.md(#[^)]*)?\)",
        lambda found: f"]({up}reference/{found[1].lower()}.md{found[2] or ''})",
        source[0],
    )


def _leave_out_the_folder(app: object, page: "nodes.document", name: str) -> None:
    """Leave out, of paths that cells printed, the folder that they ran in: it has another name in each build."""
    folder = re.compile(rf"{re.escape(tempfile.gettempdir())}/tmp\w{{8}}/")
    for text in list(page.findall(nodes.Text)):
        block = text.parent
        if folder.search(text):
            block.replace(text, nodes.Text(folder.sub("", text)))
            # Only what stands as it was written is shown as code.
            block.rawsource = block.astext()


def setup(app: "Sphinx") -> None:
    """Take part in the build."""
    app.connect("source-read", _lead_inside)
    app.connect("doctree-resolved", _leave_out_the_folder)
