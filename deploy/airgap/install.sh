#!/bin/sh
# Install Ordinance from this folder, without a network: sh install.sh --help
set -eu

usage() {
    cat <<'END'
usage: sh install.sh [--prefix DIR] [--python PYTHON] [--key FILE.pub]… [--trial] [--judge] [--switch] [--dry-run]

Installs Ordinance from this folder into DIR/VERSION. It never uses a network, and changes nothing outside DIR.

  --prefix DIR     where versions are; default: /opt/ordinance. Without root, name a folder of yours.
  --python PYTHON  CPython 3.11, 3.12 or 3.13; default: the newest of them that is found
  --key FILE.pub   public key that must have signed SHA256SUMS (SHA256SUMS.NAME.sig); may be repeated
  --trial          install the small model too, to try Ordinance without an inference server (130 MB more)
  --judge          install what a calibrated judge needs (70 MB more)
  --switch         let DIR/current point to this version even if it points to another one now
  --dry-run        check the folder, this machine and DIR, and install nothing

exit codes: 0 installed or nothing to do, 1 refused or failed, 2 wrong usage
END
}

say() { printf 'ordinance: %s\n' "$*"; }
fail() {
    printf 'ordinance: %s\n' "$*" >&2
    exit 1
}
wrong() {
    printf 'ordinance: %s Type: sh install.sh --help\n' "$*" >&2
    exit 2
}

# Nothing of the caller's environment or configuration decides what is installed.
for name in $(env | sed -n -e 's/^\(PIP_[A-Z0-9_]*\)=.*/\1/p' -e 's/^\(PYTHON[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
export PIP_CONFIG_FILE=/dev/null
umask 022

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
prefix=/opt/ordinance python='' keys='' parts=gateway switch='' dry=''
while [ $# -gt 0 ]; do
    case $1 in
        --prefix=* | --python=* | --key=*)
            value=${1#*=}
            name=${1%%=*}
            shift
            set -- "$name" "$value" "$@"
            continue
            ;;
        --prefix | --python | --key) [ $# -ge 2 ] && [ -n "$2" ] || wrong "$1 needs a value." ;;
    esac
    case $1 in
        --prefix) prefix=$2 && shift ;;
        --python)
            case $2 in /*) python=$2 ;; */*) python=$PWD/$2 ;; *) python=$2 ;; esac
            shift
            ;;
        --key)
            case $2 in /*) key=$2 ;; *) key=$PWD/$2 ;; esac
            keys="$keys$key
"
            shift
            ;;
        --trial) parts="$parts embedded" ;;
        --judge) parts="$parts judge" ;;
        --switch) switch=yes ;;
        --dry-run) dry=yes ;;
        -h | --help) usage && exit 0 ;;
        *) wrong "there is no option $1." ;;
    esac
    shift
done
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac

# ---- this machine

[ "$(uname -s)" = Linux ] || fail "this folder is for Linux; this is $(uname -s)."
machine=$(uname -m)
available=$(ls "$here/locks" 2>/dev/null) || fail "this folder has no locks/. Get the whole folder again."
case " $(echo $available) " in
    *"-$machine "*) ;;
    *) fail "this machine is $machine; this folder has wheels for: $(echo "$available" | sed 's/^[^-]*-//' | sort -u | tr '\n' ' ')" ;;
esac

# What a Python is: "cp311 glibc 2.36", or nothing if it does not run. Nothing of it is written.
about='
import platform, struct, sys
name, libc = platform.python_implementation(), platform.libc_ver()
print("cp%d%d" % sys.version_info[:2] if name == "CPython" and struct.calcsize("P") == 8 else name, *libc)'
# The file itself, where that is a link, a virtual environment or a script that calls another one.
real() { "$1" -I -c 'import os, sys; print(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))' 2>/dev/null || true; }
in_home() { case $1 in /home/* | /root/*) true ;; *) false ;; esac; }
asked=$python found=''
if [ -n "$asked" ]; then set -- "$asked"; else
    set -- python3.13 python3.12 python3.11 python3
    # The systemd unit hides home folders: what is to run as a service takes a Python elsewhere, if there is one.
    in_home "$prefix" || set -- "$@" /usr/bin/python3.13 /usr/bin/python3.12 /usr/bin/python3.11 /usr/bin/python3
fi
for each; do
    said=$("$each" -I -c "$about" 2>/dev/null) || continue
    set -- $said
    found="$found $each"
    [ -d "$here/locks/$1-$machine" ] || continue
    hidden=''
    if ! in_home "$prefix" && in_home "$(real "$each")"; then hidden=yes; fi
    [ -z "$hidden" ] || [ -z "${target:-}" ] || continue
    target=$1-$machine libc=${2:-} libc_version=${3:-}
    python=$(command -v "$each")
    [ -n "$hidden" ] || break
done
versions=$(echo "$available" | sed -n "s/^cp3\([0-9]*\)-$machine\$/3.\1/p" | tr '\n' ' ')
if [ -z "${target:-}" ]; then
    [ -z "$python" ] || [ -n "$found" ] || fail "$python is not a Python that runs. Name one of: $versions"
    [ -z "$found" ] || fail "this folder has wheels for CPython $versions(64-bit); $(echo $found) is another one ($said). Name one with --python."
    fail "no Python was found. Install CPython $(echo $versions | sed 's/ /, /g') from your distribution, or name one with --python."
fi
[ "$libc" = glibc ] || fail "the wheels need glibc 2.28 or newer; this Python uses another C library (musl?)."
[ "$(printf '2.28\n%s\n' "$libc_version" | sort -V | head -n 1)" = 2.28 ] || fail "the wheels need glibc 2.28 or newer; this machine has $libc_version."
"$python" -I -c 'import venv' 2>/dev/null || fail "$python has no module venv. On Debian: python3-venv, from your installation medium."

# ---- this folder

cd "$here"
[ -f SHA256SUMS ] || fail "SHA256SUMS is missing. Get the whole folder again."
command -v sha256sum >/dev/null || fail "sha256sum is not installed (coreutils); the files cannot be checked."
say "checking $(($(wc -l <SHA256SUMS))) files"
if ! bad=$(LC_ALL=C sha256sum --check --strict --quiet SHA256SUMS 2>/dev/null); then
    echo "$bad" | sed -n -e 's/^\(.*\): FAILED open or read$/ordinance: missing or unreadable: \1/p' \
        -e 's/^\(.*\): FAILED$/ordinance: changed: \1/p' | head -n 10 >&2
    fail "this folder is not what was made. Nothing was installed. Get it again."
fi
if [ -n "$keys" ]; then
    command -v openssl >/dev/null || fail "openssl is not installed; signatures cannot be verified."
    printf %s "$keys" | while IFS= read -r key; do
        [ -r "$key" ] || fail "$key cannot be read."
        verified=''
        for signature in SHA256SUMS.*.sig; do
            openssl pkeyutl -verify -rawin -pubin -inkey "$key" -in SHA256SUMS -sigfile "$signature" >/dev/null 2>&1 &&
                verified=$signature
        done
        [ -n "$verified" ] || fail "no file SHA256SUMS.*.sig is a signature by $key. Nothing was installed."
        say "$verified is a signature by $key"
    done
fi
engine=$(echo wheels/ordinance-*.whl)
version=${engine#wheels/ordinance-}
version=${version%%-*}
digest=$(sha256sum <SHA256SUMS | cut -d ' ' -f 1)

# ---- the place

place=$prefix/$version current=$prefix/current
[ ! -e "$current" ] || [ -L "$current" ] || fail "$current is not a symbolic link. Use another --prefix."
if [ -f "$place/installed" ]; then
    [ "$(sed -n 1,2p "$place/installed" | tr '\n' ' ')" = "$digest $target " ] || fail "$place was installed from" \
        "another folder or for another Python, and may be running. Move it away, or use another --prefix."
    [ -e "$place/bin/python" ] || fail "the Python of $place is gone. If nothing runs from it: rm -r $place," \
        "and run this again."
    has=$(readlink -f "$place/bin/python")
    [ -z "$asked" ] || [ "$(real "$asked")" = "$has" ] || fail "$place runs with $has, and an installed version keeps" \
        "its Python. If nothing runs from it: rm -r $place, and run this again."
    more=''
    for part in $parts; do grep -qx "$part" "$place/installed" || more="$more $part"; done
    parts=$more
elif [ -f "$place/installing" ]; then
    ! kill -0 "$(cat "$place/installing")" 2>/dev/null || fail "another install.sh is at work in $place."
elif [ -e "$place" ]; then
    fail "$place exists and was not made by install.sh. Move it away, or use another --prefix."
fi
needed=20
for part in $parts; do
    case $part in gateway) needed=$((needed + 160)) ;; judge) needed=$((needed + 100)) ;; embedded) needed=$((needed + 220)) ;; esac
done
exists=$prefix
while [ ! -e "$exists" ]; do exists=$(dirname -- "$exists"); done
if [ -n "$parts" ]; then
    [ -d "$exists" ] || fail "$exists is not a folder. Use another --prefix."
    reason=$(LC_ALL=C mktemp -d "$exists/.ordinance.XXXXXX" 2>&1) || fail "$exists cannot be written" \
        "(${reason##*: }). Run this as root, or use --prefix with a folder of yours."
    rmdir "$reason"
    free=$(($(df -Pk "$exists" | awk 'END { print $4 }') / 1024))
    [ "$free" -ge "$needed" ] || fail "$free MB are free in $exists, and $needed MB are needed. Nothing was installed."
fi
if [ -n "$dry" ]; then
    say "would install ${parts:-nothing more} for $target into $place with $python"
    exit 0
fi

# ---- install

pip() {
    "$place/bin/python" -I "$1/pip" --isolated --disable-pip-version-check --no-input install --no-index --no-deps \
        --require-hashes --only-binary :all: --no-cache-dir --find-links wheels "$2" "$3" >>"$place/log" 2>&1
}
give_up() {
    reason=$(grep -o -i -m 1 -e 'No space left on device' -e 'Disk quota exceeded' -e 'Read-only file system' \
        -e 'Permission denied' -e 'DO NOT MATCH THE HASHES' "$place/log" 2>/dev/null || grep -v '^ *$' "$place/log" 2>/dev/null | tail -n 1 || true)
    clean_up
    fail "cannot install into $place: ${reason:-it cannot be written}. ${1:-}"
}
clean_up() {
    [ -z "${waits:-}" ] || kill "$waits" 2>/dev/null || true
    rm -rf "$place/tmp"
    [ -f "$place/installed" ] || rm -rf "$place"
}
if [ -n "$parts" ]; then
    began=$(date +%s)
    if [ ! -f "$place/installed" ]; then rm -rf "$place"; fi
    trap 'clean_up; exit 130' INT TERM HUP
    mkdir -p "$place/tmp" && echo $$ >"$place/installing" || give_up
    export TMPDIR="$place/tmp"
    say "installing$(printf ' %s' $parts) for $target into $place"
    if [ ! -f "$place/installed" ]; then
        "$python" -I -m venv --without-pip "$place" >>"$place/log" 2>&1 || give_up
    fi
    for part in $parts; do
        pip "$(echo "$PWD"/wheels/pip-*.whl)" -r "locks/$target/$part.txt" &
        waits=$!
        while kill -0 "$waits" 2>/dev/null; do
            [ ! -t 1 ] || printf .
            sleep 1
        done
        [ ! -t 1 ] || printf '\n'
        wait "$waits" || give_up
    done
    waits=''
    "$place/bin/ordinance" --version >>"$place/log" 2>&1 || give_up
    {
        printf '%s\n' "$digest" "$target"
        [ ! -f "$place/installed" ] || sed 1,2d "$place/installed"
        printf '%s\n' $parts
    } >"$place/tmp/installed" || give_up
    mv "$place/tmp/installed" "$place/installed"
    rm -rf "$place/tmp" "$place/installing" "$place/log"
    trap - INT TERM HUP
    say "installed $version in $(($(date +%s) - began)) s"
else
    say "$place is installed already; nothing to do"
fi

# ---- which version runs

points=$(readlink "$current" 2>/dev/null) || points=''
if [ -z "$points" ] || { [ -n "$switch" ] && [ "$points" != "$version" ]; }; then
    ln -s "$version" "$prefix/.current.$$" && mv -Tf "$prefix/.current.$$" "$current"
    [ -z "$points" ] || say "$current pointed to $points and points to $version now. A service that runs goes on with" \
        "$points until: systemctl restart ordinance"
elif [ "$points" != "$version" ]; then
    say "$current still points to $points. Check your settings with the new version, then switch:"
    echo "  $place/bin/ordinance settings --config /etc/ordinance/ordinance.yaml"
    echo "  ln -sfn $version $current && systemctl restart ordinance"
    echo "Back again:"
    echo "  ln -sfn $points $current && systemctl restart ordinance"
fi
has=$(readlink -f "$place/bin/python")
if in_home "$has" && ! in_home "$prefix"; then
    say "$has is in a home folder, which the systemd unit hides. For a service: install your distribution's Python," \
        "rm -r $place, and run this again."
fi
if grep -qx embedded "$place/installed"; then
    echo "To try it, with a small model in the same process:"
    echo "  $place/bin/ordinance serve --embedded --jurisdiction DE"
fi
echo "In front of your inference server:"
echo "  $place/bin/ordinance serve --upstream http://127.0.0.1:8000/v1 --jurisdiction DE"
echo "As a service, with TLS and metrics: README.txt"
