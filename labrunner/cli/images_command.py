"""``labrunner images``: prepare, list and remove the images that the labs need."""

from __future__ import annotations

import click

from labrunner.cli.completing import lab_names
from labrunner.cli.main import EXIT_DONE, EXIT_NOT_DONE
from labrunner.cli.options import engine_option, home_option, json_option, offline_option, print_json, screen
from labrunner.engine.engine import Engine
from labrunner.engine.find import find_engine
from labrunner.runner.session import open_session, wanted_images


def _row(image: str, state: str) -> str:
    return screen().wrapped(state, f"{image:26} ", indent=2)


@click.group("images")
def command() -> None:
    """The images that the labs need, stand-ins among them.

    \b
      labrunner images list             which are there
      labrunner images prepare --yes    have them all, stand-ins where no hub gives one
    """


@command.command("prepare")
@click.argument("labs", metavar="[LAB]...", nargs=-1, shell_complete=lab_names)
@click.option("--yes", "-y", "agreed", is_flag=True, help="Agree to stand-ins for what no hub gives.")
@offline_option
@home_option
@engine_option
@json_option
def prepare(
    labs: tuple[str, ...], home: str | None, engine: str, *, agreed: bool, offline: bool, as_json: bool
) -> None:
    """Have the images of the labs on the engine; of all labs when left out.

    What is missing is pulled. What no hub gives is built here from the host's packages, as a stand-in, if you agree.

    \b
      labrunner images prepare --yes
      labrunner images prepare push --offline    stand-ins of what is missing, without asking a hub
    """
    from labrunner.cli.obtaining import obtain_images, to_be_built  # noqa: PLC0415 - rich and the SDK, only if needed

    session = open_session(home)
    chosen = tuple(session.lab(lab) for lab in labs) or session.course.labs
    facts = find_engine(engine)
    wanted = wanted_images(chosen)
    left = to_be_built(wanted) if facts.kind == "namespace" and not labs else ()
    wanted = tuple(image for image in wanted if image not in left)
    found = obtain_images(facts.endpoint, wanted, offline=offline, agreed=agreed or offline)
    if as_json:
        print_json({"images": [{"image": o.reference, "how": o.how, "stand_in": o.stand_in} for o in found]})
        return
    for each in found:
        click.echo(_row(each.reference, f"{each.how}{', a stand-in' if each.stand_in else ''}"))
    for image in left:
        click.echo(_row(image, "left out: it has to be built, which the namespace engine does not do yet"))


@command.command("list")
@home_option
@engine_option
@json_option
def list_images(home: str | None, engine: str, *, as_json: bool) -> int:
    """Which of the labs' images the engine has; exit code 1 where one is missing.

    \b
      labrunner images list
    """
    session = open_session(home)
    asked = Engine(find_engine(engine).endpoint)
    found = {name: asked.image(name) for name in wanted_images(session.course.labs)}
    stand_ins = {name for name, image in found.items() if image and image.labels.get("labrunner.stand-in") == name}
    if as_json:
        rows = [
            {
                "image": name,
                "present": image is not None,
                "stand_in": name in stand_ins,
                "bytes": image.size if image else 0,
            }
            for name, image in found.items()
        ]
        print_json({"images": rows})
    else:
        for name, image in found.items():
            state = f"{image.size / 1e6:.1f} MB" if image else "missing"
            click.echo(_row(name, f"{state}{', a stand-in' if name in stand_ins else ''}"))
        if not all(found.values()):
            click.echo("next: labrunner images prepare")
    return EXIT_DONE if all(found.values()) else EXIT_NOT_DONE


@command.command("remove")
@engine_option
@json_option
def remove(engine: str, *, as_json: bool) -> int:
    """Remove the stand-ins and their base; an image that a container uses stays, and is named.

    \b
      labrunner images remove
    """
    from labrunner.engine.connect import connect  # noqa: PLC0415 - the SDK, only where it is needed
    from labrunner.engine.stock import remove_stand_ins  # noqa: PLC0415 - as above

    with connect(find_engine(engine).endpoint) as client:
        found = remove_stand_ins(client)
    if as_json:
        print_json(
            {"images": [{"image": r.reference, "removed": r.removed, "used_by": list(r.used_by)} for r in found]}
        )
    else:
        for each in found:
            state = "removed" if each.removed else f"kept: {', '.join(each.used_by) or 'another image'} uses it"
            click.echo(_row(each.reference, state))
        if not found:
            click.echo("there are no stand-ins on this engine")
    return EXIT_DONE if all(each.removed for each in found) else EXIT_NOT_DONE
