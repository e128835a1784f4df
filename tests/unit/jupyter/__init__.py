"""Notebooks, magics, and what JupyterLab asks for."""
