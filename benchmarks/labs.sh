#!/usr/bin/env bash
# The six labs as plain docker commands, in the order of the labs: the peer that `labrunner run --all` is measured against.
# Usage: labs.sh FOLDER [build-flask-image], with FOLDER/auth/htpasswd and FOLDER/password.txt made beforehand; with the
# second word it begins with that lab, as `labrunner goto` of the last step does. It ends with nothing left.
set -euo pipefail
trap '' PIPE # a server that is still starting closes what it has accepted
cd "$1"
export DOCKER_CONFIG="$1/.docker"
name=localhost:5055/student/python-hello-world

visit() { # PORT: ask for the page until it comes
    until { exec 3<>"/dev/tcp/localhost/$1" && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && grep -q . <&3; } 2>/dev/null; do
        sleep 0.02
    done
}

first_two_labs() {
    # first-container
    script -qfc 'docker container run -t ubuntu top' /dev/null >/dev/null </dev/null &
    until top=$(docker container ls --quiet --filter ancestor=ubuntu) && [ -n "$top" ]; do sleep 0.02; done
    docker container ls >/dev/null
    printf 'ps -ef\nexit\n' | docker container exec -i "$top" bash >/dev/null
    ps -ef >/dev/null
    uname -r >/dev/null
    docker container exec "$top" uname -r >/dev/null
    docker container exec "$top" bash -c 'readlink /proc/self/ns/{pid,user,uts,mnt,net,ipc}' | sort >inside.txt
    readlink /proc/self/ns/{pid,user,uts,mnt,net,ipc} | sort >outside.txt
    comm -12 inside.txt outside.txt >/dev/null
    docker container update --memory 64m --memory-swap 64m "$top" >/dev/null
    docker container exec "$top" sh -c 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null' >/dev/null || true
    docker container exec "$top" sh -c 'cat /sys/fs/cgroup/memory.current /sys/fs/cgroup/memory/memory.usage_in_bytes 2>/dev/null' >/dev/null || true
    docker container kill --signal INT "$top" >/dev/null
    wait

    # nginx-and-mongo
    docker image inspect --format '{{.Config.ExposedPorts}}' nginx >/dev/null
    nginx=$(docker container run --detach --publish 8080:80 --name nginx nginx)
    visit 8080
    docker container run --detach --publish 8081:27017 --name mongo mongo:3.4 >/dev/null
    visit 8081
    again=$(docker container run --detach nginx)
    docker container ls >/dev/null
    docker container inspect mongo >/dev/null
    docker container stop "$nginx" mongo "$again" >/dev/null
    docker container rm --volumes mongo >/dev/null
    docker container rm "$nginx" "$again" "$top" >/dev/null
}
[ "${2:-}" = build-flask-image ] || first_two_labs

# build-flask-image
docker image save python:3.6.1-alpine | tar t >/dev/null
docker image inspect --format '{{len .RootFS.Layers}}' python:3.6.1-alpine >/dev/null
app() {
    printf '%s\n' 'from flask import Flask' '' 'app = Flask(__name__)' '' '' '@app.route("/")' 'def hello():' \
        "    return \"$1\"" '' '' 'if __name__ == "__main__":' '    app.run(host="0.0.0.0")' >app.py
}
run='RUN pip install flask==1.1.4 markupsafe==2.0.1'
app 'Hello, World!'
printf '%s\n' 'FROM python:3.6.1-alpine' "$run" 'CMD ["python","app.py"]' 'COPY app.py /app.py' >Dockerfile
docker build -f Dockerfile -t python-hello-world . >/dev/null 2>&1
docker image ls >/dev/null
site=$(docker run -p 5001:5000 -d python-hello-world)
visit 5001
visit 5001
docker container logs "$site" >/dev/null 2>&1

# push
docker container run --detach --publish 5055:5000 --name registry --volume "$PWD/auth:/auth:ro" \
    --env REGISTRY_AUTH=htpasswd --env REGISTRY_AUTH_HTPASSWD_REALM=labrunner \
    --env REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd registry:2 >/dev/null
visit 5055
docker login --username student --password-stdin localhost:5055 <password.txt >/dev/null 2>&1
docker tag python-hello-world "$name"
docker push "$name" >/dev/null
digest=$(docker image inspect --format '{{index .RepoDigests 0}}' "$name")
docker image rm "$name" >/dev/null
docker pull "$digest" >/dev/null
copy=$(docker run -d -p 5002:5000 "$digest")
visit 5002

# deploy-change
app 'Hello, Beautiful World!'
docker image build -t "$name" . >/dev/null 2>&1
docker push "$name" >/dev/null
docker container rm --force "$site" >/dev/null
site=$(docker run -d -p 5001:5000 "$name")
visit 5001
printf '%s\n' 'FROM python:3.6.1-alpine' 'COPY app.py /app.py' "$run" 'CMD ["python","app.py"]' >Dockerfile
for _ in first second; do
    echo "# changed at $(date +%s%N)" >>app.py
    docker image build -t wrong-order . >/dev/null 2>&1
    replaced=${experiment:-}
    experiment=$(docker image inspect --format '{{.Id}}' wrong-order)
done

# clean-up
docker container ls >/dev/null
docker container stop -t 2 registry "$copy" "$site" >/dev/null
docker container rm --volumes registry "$copy" "$site" >/dev/null
docker image rm python-hello-world "$name" "$digest" wrong-order >/dev/null
docker image rm "$replaced" >/dev/null
