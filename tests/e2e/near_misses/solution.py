"""The plain right way through every lab, as its text shows it: one function for each step, which gives the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.model.lab import Course, StepRef
from tests.e2e.near_misses.learner import PATIENCE, Learner

PROMPT = r"[#$] $"
APP = """\
from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello():
    return "Hello, World!"


if __name__ == "__main__":
    app.run(host="0.0.0.0")
"""
CHANGED_APP = APP.replace("Hello, World!", "Hello, Beautiful World!")
FROM = "FROM python:3.6.1-alpine\n"
RUN = "RUN pip install flask==1.1.4 markupsafe==2.0.1\n"
CMD = 'CMD ["python","app.py"]\n'
COPY = "COPY app.py /app.py\n"
DOCKERFILE = FROM + RUN + CMD + COPY
WRONG_ORDER = FROM + COPY + RUN + CMD
BUILD = "docker build -f Dockerfile -t python-hello-world ."
#: What makes the registry ask for a password.
LOCKED = (
    '--volume "$PWD/auth:/auth:ro" --env REGISTRY_AUTH=htpasswd --env REGISTRY_AUTH_HTPASSWD_REALM=labrunner'
    " --env REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd"
)
LIMIT = "docker container update --memory 64m --memory-swap 64m"

_Solve = Callable[[Learner], str | None]


def name_of(learner: Learner) -> str:
    """The image's name in the registry."""
    return f"{learner['registry']}/{learner['user']}/{learner['image']}"


def run_top(learner: Learner) -> None:
    """The first terminal: ``top`` holds it."""
    learner.terminals["main"] = learner.holds("docker container run -t ubuntu top", "PID")


def find_top(learner: Learner) -> str:
    """The second terminal: the list of the running containers."""
    listed = learner.types("docker container ls --format '{{.ID}} {{.Command}}'").splitlines()
    return next(line.split()[0] for line in listed if line.endswith(' "top"'))


def open_shell(learner: Learner) -> None:
    """``bash`` beside ``top``, in the second terminal."""
    shell = learner.holds(f"docker container exec -it {find_top(learner)} bash", PROMPT)
    shell.sendline("ps -ef")
    shell.expect(r"bash[\s\S]*ps -ef[\s\S]*" + PROMPT)
    learner.terminals["second"] = shell


def leave_shell(learner: Learner) -> None:
    """``exit`` in the second terminal."""
    learner.terminals["second"].sendline("exit")
    learner.terminals["second"].expect(learner.over)


def read_host_pid(learner: Learner) -> str:
    """The number in the second column of the engine's list."""
    lines = learner.types(f"docker container top {find_top(learner)}").splitlines()
    return lines[1].split()[1]


def compare_namespaces(learner: Learner) -> str:
    """The lines that both lists have; ``none`` where there is none."""
    links = "/proc/self/ns/{pid,user,uts,mnt,net,ipc}"
    learner.types(
        f"docker container exec {find_top(learner)} bash -c 'readlink {links}' | sort > inside.txt\n"
        f"readlink {links} | sort > outside.txt"
    )
    return learner.types("comm -12 inside.txt outside.txt") or "none"


def limit_memory(learner: Learner) -> None:
    """64 MiB, swap included."""
    learner.types(f"{LIMIT} {find_top(learner)}")


def end_top(learner: Learner) -> None:
    """Ctrl-C in the first terminal."""
    learner.terminals["main"].sendintr()
    learner.terminals["main"].expect(learner.over)


def read_nginx_port(learner: Learner) -> str:
    """The number in the image's note."""
    noted = learner.types("docker image inspect --format '{{.Config.ExposedPorts}}' nginx")
    found = re.search(r"(\d+)/tcp", noted)
    assert found, noted
    return found[1]


def run_nginx(learner: Learner) -> None:
    """As the text has it."""
    learner.types(f"docker container run --detach --publish {learner['web_port']}:80 --name nginx nginx")
    learner.opens(f"http://localhost:{learner['web_port']}")


def run_mongo(learner: Learner) -> None:
    """As the text has it."""
    learner.types(f"docker container run --detach --publish {learner['db_port']}:27017 --name mongo mongo:3.4")


def run_nginx_again(learner: Learner) -> None:
    """With neither name nor port."""
    learner.types("docker container run --detach nginx")


def inspect_mongo(learner: Learner) -> str:
    """Its ID."""
    return learner.id_of("mongo")


def stop_all_three(learner: Learner) -> None:
    """By ID and by name, mixed."""
    nginx, again = (learner.passed[f"nginx-and-mongo/{step}"]["container"] for step in ("nginx", "again"))
    learner.types(f"docker container stop {nginx} mongo {again}")


def remove_mongo(learner: Learner) -> None:
    """With its volumes."""
    learner.types("docker container rm --volumes mongo")


def remove_both_nginx(learner: Learner) -> None:
    """By ID: this engine may have others' things, which ``docker system prune`` would take."""
    nginx, again = (learner.passed[f"nginx-and-mongo/{step}"]["container"] for step in ("nginx", "again"))
    learner.types(f"docker container rm {nginx} {again}")


def count_layers(learner: Learner) -> str:
    """Of the base image."""
    return learner.types("docker image inspect --format '{{len .RootFS.Layers}}' python:3.6.1-alpine")


def write_and_build(learner: Learner) -> None:
    """Two files, one command."""
    learner.writes("app.py", APP)
    learner.writes("Dockerfile", DOCKERFILE)
    learner.types(BUILD)


def run_app(learner: Learner) -> None:
    """On the lab's port."""
    learner.types(f"docker run -p {learner['app_port']}:5000 -d python-hello-world")


def read_log(learner: Learner) -> str:
    """The line of the request that was just made."""
    assert learner.opens(f"http://localhost:{learner['app_port']}") == "Hello, World!"
    return learner.types(f"docker container logs {learner.passed['build-flask-image/run']['container']} 2>&1 | tail -1")


def run_registry(learner: Learner) -> None:
    """With a password."""
    learner.types(
        f"docker container run --detach --publish {learner['registry_port']}:5000 --name registry {LOCKED} registry:2"
    )


def log_in(learner: Learner) -> None:
    """At the hidden prompt."""
    password = learner.folder.joinpath("password.txt").read_text(encoding="utf-8").strip()
    login = learner.holds(f"docker login --username {learner['user']} {learner['registry']}", "Password: ")
    login.sendline(password)
    login.expect("Login Succeeded", timeout=PATIENCE)
    login.expect(learner.over)


def tag_image(learner: Learner) -> None:
    """A second name."""
    learner.types(f"docker tag python-hello-world {name_of(learner)}")


def push_image(learner: Learner) -> None:
    """The same command in two labs."""
    learner.types(f"docker push {name_of(learner)}")


def pull_by_digest(learner: Learner) -> None:
    """After the name is gone."""
    digest = learner.passed["push/push"]["digest"]
    learner.types(f"docker image rm {name_of(learner)}\ndocker pull {name_of(learner)}@{digest}")


def run_copy(learner: Learner) -> None:
    """By digest, on a port of its own."""
    digest = learner.passed["push/push"]["digest"]
    learner.types(f"docker run -d -p {learner['copy_port']}:5000 {name_of(learner)}@{digest}")


def change_and_rebuild(learner: Learner) -> None:
    """One line changed."""
    learner.writes("app.py", CHANGED_APP)
    learner.types(f"docker image build -t {name_of(learner)} .")


def redeploy(learner: Learner) -> None:
    """The old container goes, a new one comes."""
    old = learner.passed["build-flask-image/run"]["container"]
    learner.types(f"docker container rm --force {old}")
    learner.types(f"docker run -d -p {learner['app_port']}:5000 {name_of(learner)}")
    assert learner.opens(f"http://localhost:{learner['app_port']}") == "Hello, Beautiful World!"


def build_in_wrong_order(learner: Learner) -> None:
    """COPY above RUN, and a change before each of two builds."""
    learner.writes("Dockerfile", WRONG_ORDER)
    for _ in range(2):
        learner.types('echo "# changed at $(date +%s%N)" >> app.py\ndocker image build -t wrong-order .')


def the_three(learner: Learner) -> list[str]:
    """The IDs of the registry, the copy and the site."""
    return [learner.passed[step]["container"] for step in ("push/registry", "push/copy", "deploy-change/redeploy")]


def count_running(learner: Learner) -> str:
    """Registry, copy, site."""
    running = learner.types("docker container ls --quiet --no-trunc").split()
    return str(len(set(the_three(learner)) & set(running)))


def stop_the_three(learner: Learner) -> None:
    """They get no time here: none has anything to save."""
    learner.types(f"docker container stop -t 0 {' '.join(the_three(learner))}")


def remove_all(learner: Learner) -> None:
    """Containers first, then images."""
    name, digest = name_of(learner), learner.passed["push/push"]["digest"]
    learner.types(f"docker container rm --volumes {' '.join(the_three(learner))}")
    learner.types(f"docker image rm python-hello-world {name} {name}@{digest} wrong-order")


def remove_nameless(learner: Learner) -> None:
    """By ID, since prune would take what is others'."""
    learner.types(f"docker image rm {' '.join(learner.passed['deploy-change/order']['replaced'])}")


SOLUTION: dict[str, _Solve] = {
    "first-container/top": run_top,
    "first-container/list": find_top,
    "first-container/shell": open_shell,
    "first-container/leave": leave_shell,
    "first-container/host": read_host_pid,
    "first-container/namespaces": compare_namespaces,
    "first-container/memory": limit_memory,
    "first-container/stop": end_top,
    "nginx-and-mongo/images": read_nginx_port,
    "nginx-and-mongo/nginx": run_nginx,
    "nginx-and-mongo/mongo": run_mongo,
    "nginx-and-mongo/again": run_nginx_again,
    "nginx-and-mongo/inspect": inspect_mongo,
    "nginx-and-mongo/stop": stop_all_three,
    "nginx-and-mongo/remove": remove_mongo,
    "nginx-and-mongo/prune": remove_both_nginx,
    "build-flask-image/archive": count_layers,
    "build-flask-image/build": write_and_build,
    "build-flask-image/run": run_app,
    "build-flask-image/logs": read_log,
    "push/registry": run_registry,
    "push/login": log_in,
    "push/tag": tag_image,
    "push/push": push_image,
    "push/pull": pull_by_digest,
    "push/copy": run_copy,
    "deploy-change/rebuild": change_and_rebuild,
    "deploy-change/push": push_image,
    "deploy-change/redeploy": redeploy,
    "deploy-change/order": build_in_wrong_order,
    "clean-up/list": count_running,
    "clean-up/stop": stop_the_three,
    "clean-up/remove": remove_all,
    "clean-up/prune": remove_nameless,
}


@cache
def _course() -> Course:
    return load_course(course_folder("labs"))


def comes_to(learner: Learner, step: str) -> None:
    """Start the step's lab, and do what the step builds on and is not done yet: steps of its lab, and whole labs."""
    course = _course()
    lab, _, name = step.partition("/")
    queue, needed = [StepRef(lab, name)], set[StepRef]()
    while queue:
        needs = set(course.step(queue.pop()).needs)
        needs |= {each.ref for need in needs if need.lab != lab for each in course.lab(need.lab).steps}
        queue += needs - needed
        needed |= needs
    does(learner, *(str(each.ref) for each in course.steps if each.ref in needed))
    learner.starts(lab)


def does(learner: Learner, *steps: str) -> None:
    """Do these steps as the text has them, those that are not done yet, and have each judged."""
    for step in steps:
        if step not in learner.passed:
            learner.starts(step.partition("/")[0])
            answer = SOLUTION[step](learner)
            learner.passes(step, answer=answer)
