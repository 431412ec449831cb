"""A container as a kubelet would start it, made of this machine: its root read-only, the pod's volumes in it, another
user, no capability, no new privilege. Linux, as root.

What is missing of a real one: an image, a network of its own, the runtime's seccomp profile, limits of resources.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.checkout import ROOT

NEEDED = ("unshare", "setpriv", "chroot", "mount")
#: In a mount namespace of its own; PLACE is an empty folder.
_MADE = """
set -eu
mount --make-rprivate /
mount -t tmpfs none "$PLACE"
mkdir "$PLACE/upper" "$PLACE/work" "$PLACE/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$PLACE/upper,workdir=$PLACE/work" "$PLACE/root"
cd "$PLACE/root"
{opened}
{volumes}
mount -t proc proc proc
mount --rbind /dev dev
{mounted}
mount -o remount,ro "$PLACE/root"
exec chroot . setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --bounding-set=-all --inh-caps=-all \
    --no-new-privs {command}
"""


def can_be_made() -> str:
    """Return why no container can be made here; empty if one can."""
    if os.geteuid() != 0:
        return "only root can make a container of this machine"
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    done = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "this machine allows no mount namespaces"


def files_of(pod: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the texts in each volume of a pod that is a ConfigMap, by path."""
    return {
        volume["name"]: {item["path"]: config["data"][item["key"]] for item in volume["configMap"]["items"]}
        for volume in pod["volumes"]
        if "configMap" in volume
    }


def script(container: Mapping[str, Any], volumes: Mapping[str, Path], user: int, programs: Path) -> str:
    """Return what makes the container and starts its command, which is in ``programs``. ``volumes`` are folders; one
    that is not there is new. Each may be written unless its mount says otherwise."""
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    # Others may pass through the folders in which this checkout and its Python are.
    ways = {
        str(parent)[1:]
        for path in (ROOT, programs.resolve(), Path(sys.base_prefix))
        for parent in (path, *path.parents)
    } - {""}
    opened = "\n".join(f"chmod a+rx {shlex.quote(way)}" for way in sorted(ways))
    mounted, made = [], []
    for mount in container.get("volumeMounts", ()):
        at, folder = shlex.quote(mount["mountPath"][1:]), volumes.get(mount["name"])
        made.append(f"mkdir -p {at}")
        if folder is None:
            mounted.append(f"mount -t tmpfs -o mode=1777 none {at}")
        else:
            mounted.append(f"mount --bind {shlex.quote(str(folder))} {at}")
        if mount.get("readOnly"):
            mounted.append(f"mount -o remount,bind,ro {at}")
    command = shlex.join(container["command"])
    text = _MADE.replace("{opened}", opened).replace("{volumes}", "\n".join(made))
    text = text.replace("{mounted}", "\n".join(mounted))
    return text.replace("{command}", command).replace('"$USER_ID"', str(user))


@contextmanager
def started(
    container: Mapping[str, Any],
    volumes: Mapping[str, Path],
    place: Path,
    *,
    user: int,
    programs: Path,
    heard: bool = True,
) -> Iterator[subprocess.Popen[str]]:
    """Start the container with its very command; ``programs`` is a folder that is first on its path. It is killed at
    the end. What it prints is lost unless it is ``heard``: one that prints more than a pipe takes waits."""
    variables = {each["name"]: each["value"] for each in container.get("env", ()) if "value" in each}
    place.mkdir()
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script(container, volumes, user, programs)],
        env={"PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin", "PLACE": str(place), **variables},
        stdout=subprocess.PIPE if heard else subprocess.DEVNULL, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str], sign: str) -> str:
    """Read what the container prints until a line contains ``sign``; that line."""
    assert process.stdout is not None
    said = []
    for each in process.stdout:
        said.append(each)
        if sign in each:
            return each
    raise AssertionError("".join(said)[-4000:])
