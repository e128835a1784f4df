"""A Jupyter Server extension: what the launcher of JupyterLab asks for (``labrunner/jupyter/labextension``).

``labrunner.json``, which is installed into ``etc/jupyter/jupyter_server_config.d``, switches it on.
Its two functions are named as Jupyter Server looks for them:
https://jupyter-server.readthedocs.io/en/latest/developers/extensions.html
"""

from __future__ import annotations

from jupyter_server.serverapp import ServerApp

from labrunner.jupyter.server.handlers import handlers


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "labrunner.jupyter.server"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    server.web_app.add_handlers(".*$", handlers(server.base_url))  # type: ignore[no-untyped-call] # Jupyter's
