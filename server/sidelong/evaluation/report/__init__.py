"""An evaluation as one self-contained HTML page with inline SVG charts and no script."""
