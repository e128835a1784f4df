"""The labs where workshop attendees sit: notebooks, magics, and JupyterLab."""
