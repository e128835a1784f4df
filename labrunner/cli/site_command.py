"""``labrunner site``: build and serve the self-paced site."""

from __future__ import annotations

from pathlib import Path

import click

from labrunner.cli.completing import folders
from labrunner.cli.main import GROUPS, labrunner
from labrunner.cli.options import screen

_output = click.option(
    "--output", metavar="DIR", default="site", show_default=True, help="The site's folder.", shell_complete=folders
)


@click.group("site")
def command() -> None:
    """The self-paced site: the labs, with all docs, as pages for a browser.

    \b
      labrunner site build --output public
      labrunner site serve --output public
    """


@command.command("build")
@_output
def build(output: str) -> None:
    """Build the site, whole: a folder of files for any web server, or to be opened from the folder.

    It asks no other host. A warning or a broken link ends it, and the site that was there stays. A folder that holds
    something else is refused.

    \b
      labrunner site build --output public
    """
    from labrunner.site.build import build_site  # noqa: PLC0415 - Sphinx, only where it is needed

    pages = build_site(Path(output), labrunner, GROUPS)
    click.echo(f"{pages} pages in {output}")
    click.echo(screen().command(f"labrunner site serve --output {output}", "next: "))


@command.command("serve")
@_output
@click.option("--port", type=int, default=8000, show_default=True, help="The port on 127.0.0.1; 0 takes a free one.")
def serve(output: str, port: int) -> None:
    """Serve a built site to browsers of this machine, until Ctrl-C.

    \b
      labrunner site serve
      labrunner site serve --output public --port 0
    """
    from labrunner.site.serve import HOST, site_server  # noqa: PLC0415 - as above

    with site_server(Path(output), port) as server:
        click.echo(f"http://{HOST}:{server.server_port}/ (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo()
