"""``labrunner notebook``: a lab as a notebook, in the learner's folder."""

from __future__ import annotations

import importlib.util
import shlex
from pathlib import Path

import click

from labrunner.cli.completing import folders, lab_names
from labrunner.cli.options import home_option, json_option, print_json, screen
from labrunner.jupyter.writing import write_all, write_notebook
from labrunner.runner.session import Session, open_session


@click.command("notebook")
@click.argument("lab", metavar="[LAB]", required=False, shell_complete=lab_names)
@click.option("--output", metavar="DIR", help="Write all labs, or LAB, as they are, into DIR.", shell_complete=folders)
@home_option
@json_option
def command(lab: str | None, output: str | None, home: str | None, *, as_json: bool) -> None:
    """Write LAB as a notebook into its folder, and say how to open it; the current lab when left out.

    A notebook that is there and has the lab's text as it is now stays; one made from an older text is kept aside.

    \b
      labrunner notebook nginx-and-mongo
      labrunner notebook --output notebooks    all labs, to be handed on
    """
    session = open_session(home)
    if output is not None:
        paths = write_all(Path(output), session.course.labs if lab is None else (session.lab(lab),))
        if as_json:
            print_json({"notebooks": [str(path) for path in paths]})
        else:
            click.echo("\n".join(str(path) for path in paths))
        return
    _for_learner(session, lab, as_json=as_json)


def _for_learner(session: Session, name: str | None, *, as_json: bool) -> None:
    asked = session.demand_current("a notebook") if name is None else session.lab(name)
    session.home.start(session.course, asked, {})
    lab = open_session(str(session.home.path)).here(asked)
    done = write_notebook(session.home.folder(lab.name), lab)
    if as_json:
        aside = None if done.aside is None else str(done.aside)
        print_json({"lab": lab.name, "notebook": str(done.path), "stayed": done.stayed, "aside": aside})
        return
    on = screen()
    click.echo(on.wrapped(f"the notebook {'stays as it is' if done.stayed else 'is written'}: {done.path}", indent=2))
    if done.aside is not None:
        click.echo(on.wrapped(f"the one from an older text of the lab is kept: {done.aside}", indent=2))
    if importlib.util.find_spec("ipykernel") is None:
        click.echo(on.command("pip install 'labrunner[jupyter]'", "Jupyter is not installed here: "))
    click.echo(on.command(f"jupyter lab {shlex.quote(str(done.path))}", "open it: "))
