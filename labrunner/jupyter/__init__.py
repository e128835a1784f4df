"""The labs as notebooks: written from their text, done by magics in a kernel, run by nbclient; opened in JupyterLab."""
