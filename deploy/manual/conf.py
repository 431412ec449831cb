"""How Sphinx makes the site: its values have the names that Sphinx gives them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Ordinance"
language = "en"
root_doc = "index"
extensions = ["myst_parser", "names", "colours"]
suppress_warnings = ["toc.not_included", "misc.highlighting_failure"]  # pages of single errors; samples that are wrong

# Markdown as GitHub reads it: the files are read there too.
myst_heading_anchors = 6

html_theme = "furo"
html_title = "Ordinance"
html_static_path = ["static"]
html_css_files = ["manual.css"]
html_js_files = ["keys.js"]
html_copy_source = False
html_show_copyright = False
# A browser does not let a page of a folder read another one.
html_show_search_summary = False
html_theme_options = {"top_of_page_buttons": [], "navigation_with_keys": False}
