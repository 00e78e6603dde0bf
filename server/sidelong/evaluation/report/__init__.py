"""An evaluation as one self-contained HTML page with inline SVG charts and no script.

Figures come from `summary`; writing the page to disk is the command's.
"""
