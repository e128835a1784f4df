"""The lab nginx-and-mongo: what its checks refuse, and what they accept. Mongo is started before nginx here."""

from __future__ import annotations

import pytest

from tests.e2e.near_misses.learner import Learner
from tests.e2e.near_misses.solution import comes_to, does, read_nginx_port, run_nginx_again
from tests.e2e.near_misses.strangers import free_port, serves

pytestmark = pytest.mark.engine


def test_the_port_has_to_be_the_one_of_the_image(learner: Learner) -> None:
    comes_to(learner, "nginx-and-mongo/images")
    learner.is_refused("images", because="no answer was given")
    learner.is_refused("images", because="'8080' is not what the image says", answer="8080")
    answer = f"{read_nginx_port(learner)}/tcp"
    with learner.without("nginx:latest"):
        judged = learner.asks_about("images", answer)
        assert judged.verdict == "blocked"
        assert "nginx:latest was to be looked at, and it is not on the engine" in judged.reasons
    assert learner.passes("images", answer=answer)["exposed"] == [80]


def test_mongo_has_to_answer_under_its_name_and_on_its_port(learner: Learner) -> None:
    comes_to(learner, "nginx-and-mongo/mongo")
    port = learner["db_port"]
    learner.is_blocked("inspect", on="nginx-and-mongo/mongo", answer="ead")
    learner.is_refused("mongo", because="a container named mongo was asked for, and there is none; none of the image")

    learner.types(f"docker container run --detach --publish {port}:27017 --name mongodb mongo:3.4")
    learner.is_refused("mongo", because="there is none; one of mongo:3.4 is named mongodb")
    learner.types("docker container rm --force --volumes mongodb")

    learner.types(f"docker container run --detach --publish {port}:27017 --name mongo nginx")
    learner.is_refused("mongo", because="the container mongo was to run mongo:3.4, and it was made from nginx")
    learner.types("docker container rm --force mongo")

    learner.types(f"docker container run --detach --publish {port}:27018 --name mongo mongo:3.4")
    learner.is_refused("mongo", because=f"published as {port}, and it publishes {port}->27018")
    learner.types("docker container rm --force --volumes mongo")

    learner.types(f"docker container run --detach --publish {port}:27017 --name mongo mongo:3.4 --no-such-option")
    learner.types("docker container wait mongo")
    learner.is_refused("mongo", because="the container mongo was to run, and it is exited with exit code")
    learner.types("docker container rm --force --volumes mongo")

    learner.types(f"docker container run -d -p {port}:27017 --name mongo mongo:3.4 sh -c 'sleep 2; exit 3'")
    learner.is_refused("mongo", because="and it is exited with exit code 3", within=6)
    learner.types("docker container rm --force --volumes mongo")

    container = learner.types(f"docker run -d -p {port}:27017 --name mongo mongo:3.4")
    evidence = learner.passes("mongo")
    assert (evidence["container"], evidence["port"], len(evidence["volumes"])) == (container, int(port), 2)


def test_nginx_has_to_answer_under_its_name_and_on_its_port(learner: Learner) -> None:
    comes_to(learner, "nginx-and-mongo/nginx")
    port, other = learner["web_port"], free_port()
    remove = "docker container rm --force nginx"
    learner.is_blocked("again", on="nginx-and-mongo/nginx")
    learner.is_refused("nginx", because="a container named nginx was asked for, and there is none; none of the image")

    learner.types(f"docker run -d -p {port}:80 --name nginx ubuntu sleep 600")
    learner.is_refused("nginx", because="the container nginx was to run nginx:latest, and it was made from ubuntu")
    learner.types(remove)

    learner.types(f"docker run -d -p {other}:80 --name nginx nginx")
    learner.is_refused("nginx", because=f"published as {port}, and it publishes {other}->80")
    learner.types(remove)

    learner.types("docker run -d --name nginx nginx")
    with serves(int(port)):
        learner.is_refused("nginx", because=f"published as {port}, and it publishes no port")
    learner.types(remove)

    learner.types(f"docker run -d -p {port}:80 --name nginx nginx nginx -g nonsense")
    learner.types("docker container wait nginx")
    learner.is_refused("nginx", because="the container nginx was to run, and it is exited with exit code 1")
    learner.types(remove)

    learner.types(
        f'mkdir empty\ndocker run -d -p {port}:80 --volume "$PWD/empty:/usr/share/nginx/html" --name nginx nginx'
    )
    learner.is_refused("nginx", because=f"nginx was to answer 200 on port {port}")
    learner.types(remove)

    container = learner.types(f"docker container run --detach --publish {port}:80 --name nginx nginx")
    evidence = learner.passes("nginx")
    assert (evidence["container"], evidence["port"], evidence["status"]) == (container, int(port), 200)


def test_an_answer_of_another_server_is_not_nginxs(learner: Learner) -> None:
    """The container's port is published on another of the host's addresses, and somebody else has the usual one."""
    comes_to(learner, "nginx-and-mongo/again")
    port = learner["web_port"]
    learner.types(f"docker container rm --force nginx\ndocker run -d -p 127.0.0.2:{port}:80 --name nginx nginx")
    learner.opens(f"http://127.0.0.2:{port}")
    with serves(int(port)):
        learner.is_refused("nginx", because="not from the container nginx", state="broken")
    learner.types(f"docker container rm --force nginx\ndocker run -d -p {port}:80 --name nginx nginx")
    learner.is_refused("again", because="and nginx is the only one")  # the new one, though nobody asked of it
    learner.passes("nginx")


def test_a_second_nginx_has_to_run_from_the_same_image(learner: Learner) -> None:
    comes_to(learner, "nginx-and-mongo/again")
    learner.is_refused("again", because="a second running container of nginx was asked for")

    learner.writes("Dockerfile", "FROM nginx\nLABEL of=mine\n")
    variant = learner.types("docker build -q -t labrunner-test/nginx . >/dev/null\ndocker run -d labrunner-test/nginx")
    learner.is_refused("again", because="and nginx is the only one")

    stopped = learner.types("docker run -d nginx")
    learner.types(f"docker container pause {stopped}")
    learner.is_refused("again", because="and nginx is the only one")
    learner.types(f"docker container unpause {stopped}\ndocker kill {stopped}")
    learner.is_refused("again", because="and nginx is the only one")
    learner.types(f"docker container rm {stopped}\ndocker rm -f {variant}")

    run_nginx_again(learner)
    assert learner.passes("again")["image"] == learner.passed["nginx-and-mongo/nginx"]["image"]


def test_the_id_has_to_be_mongos(learner: Learner) -> None:
    comes_to(learner, "nginx-and-mongo/inspect")
    nginx = learner.types("docker run -d nginx")
    mongo = learner.id_of("mongo")
    learner.is_refused("inspect", because="at least three digits", answer=mongo[:2])
    learner.is_refused("inspect", because="is not it", answer=learner.digits_of(nginx))
    learner.is_refused("inspect", because="'mongo' is not it", answer="mongo")
    learner.types(f"docker rm -f {nginx}")
    learner.passes("inspect", answer=learner.digits_of(mongo))


def test_all_three_have_to_be_stopped(learner: Learner) -> None:
    comes_to(learner, "nginx-and-mongo/stop")
    again = learner.passed["nginx-and-mongo/again"]
    learner.is_blocked("remove", on="nginx-and-mongo/stop")
    learner.is_refused("stop", because=f"{', '.join(sorted(['nginx', 'mongo', again['name']]))} still runs")
    learner.types(f"docker container stop nginx {learner.digits_of(again['container'])}")
    learner.is_refused("stop", because="all three were to be stopped, and mongo still runs")
    learner.types("docker kill mongo")
    assert set(learner.passes("stop")["stopped"]) == {"nginx", "mongo", "again"}


def test_mongo_has_to_go_with_its_volumes(learner: Learner) -> None:
    comes_to(learner, "nginx-and-mongo/remove")
    volumes = learner.passed["nginx-and-mongo/mongo"]["volumes"]
    learner.is_refused("remove", because="was to be removed, and it is still there")
    learner.types("docker container rm mongo")
    learner.is_refused("remove", because="and 2 of 2 are left")
    learner.types(f"docker volume rm {volumes[0]}")
    learner.is_refused("remove", because="and 1 of 2 are left")
    learner.types(f"docker volume rm {volumes[1]}")
    assert learner.passes("remove")["volumes"] == volumes


def test_the_containers_have_to_go_and_the_images_to_stay(learner: Learner) -> None:
    """By ID: this engine may have others' things, which ``docker system prune`` would take."""
    does(learner, "nginx-and-mongo/remove")
    comes_to(learner, "nginx-and-mongo/prune")
    nginx, again = (learner.passed[f"nginx-and-mongo/{step}"]["container"] for step in ("nginx", "again"))
    learner.is_refused("prune", because=f"{nginx[:12]}, {again[:12]} is still there")
    learner.types(f"docker container rm {nginx}")
    learner.is_refused("prune", because=f"were to be removed, and {again[:12]} is still there")
    learner.types(f"docker rm {again}")
    with learner.without("mongo:3.4"):
        learner.is_refused("prune", because="mongo:3.4 is gone: prune --all takes more than was asked")
    assert learner.passes("prune")["removed"] == [nginx, again]
    states = learner.finds_all_passed("nginx-and-mongo")
    assert {name for name, state in states.items() if state == "holds"} == {"stop", "remove"}
