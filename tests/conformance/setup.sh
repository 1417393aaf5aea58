#!/bin/bash
# Sets up the public RFC 6455 suite (autobahntestsuite) in a folder of its own and leaves a program `wstest` there.
#
#   setup.sh FOLDER     does nothing when FOLDER/wstest is there already
#
# The suite runs on Python 2.7 only, which current systems no longer carry. It is taken from the packages of Debian 11,
# checked by apt against Debian's keyring and unpacked into FOLDER: nothing is installed on the system, root is not
# needed. Python's packages come through pip, in the versions that requirements.txt pins.
# Exit status: 0 ready, 3 this system lacks something (named on stderr), anything else: a step failed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "${1:?usage: setup.sh FOLDER}" && cd "$1" && pwd)
[[ -x $folder/wstest ]] && exit 0
exec 9>"$folder/.lock" && flock 9 # two runs at once: the second waits, and finds it done
[[ -x $folder/wstest ]] && exit 0

missing() { echo "the RFC 6455 suite needs $1" >&2; exit 3; }
for tool in apt-get dpkg python3 gcc; do command -v "$tool" >/dev/null || missing "$tool"; done
python3 -m pip --version >/dev/null 2>&1 || missing "pip for python3"
[[ $(dpkg --print-architecture) == amd64 ]] || missing "an amd64 system"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[[ -r $keyring ]] || missing "debian-archive-keyring"

# 1. Python 2.7, through an apt whose whole state lies in the folder.
mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | grep -v security | head -1 || true)
[[ -n $mirror ]] || missing "a Debian mirror in apt's sources"
mkdir -p "$folder"/{apt/lists/partial,apt/cache/archives/partial,packages,root,site,wheels}
echo "deb [signed-by=$keyring] $mirror bullseye main" >"$folder/apt/sources.list"
cat >"$folder/apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$folder/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$folder/apt/lists";
Dir::Cache "$folder/apt/cache";
Acquire::Check-Valid-Until "false";
CONF
packages=(python2.7 python2.7-minimal python2.7-dev libpython2.7 libpython2.7-minimal libpython2.7-stdlib
    libpython2.7-dev libssl1.1 libffi7)
export APT_CONFIG=$folder/apt/apt.conf
apt-get -qq update
(cd "$folder/packages" && apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}")
unset APT_CONFIG
for package in "$folder"/packages/*.deb; do dpkg -x "$package" "$folder/root"; done

# 2. The suite, into a site folder of its own.
python=$folder/root/usr/bin/python2.7
export LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu PYTHONPATH=$folder/site PYTHONWARNINGS=ignore
export C_INCLUDE_PATH=$folder/root/usr/include:$folder/root/usr/include/python2.7
env -u LD_LIBRARY_PATH -u PYTHONPATH python3 -m pip download -q --no-deps -d "$folder/wheels" pip==20.3.4
wheel=$(find "$folder/wheels" -name 'pip-20.3.4-*.whl' | head -1)
pip=("$python" "$wheel/pip" install -q --no-warn-script-location --target "$folder/site")
"${pip[@]}" setuptools==44.1.1 wheel==0.37.1
"${pip[@]}" -r "$here/requirements.txt"

# 3. The program, written last: it is the mark of a complete folder.
cat >"$folder/wstest.new" <<RUN
#!/bin/sh
export LD_LIBRARY_PATH=$LD_LIBRARY_PATH PYTHONPATH=$PYTHONPATH PYTHONWARNINGS=ignore
exec $python -c 'import site, sys; site.addsitedir("$folder/site"); sys.argv[0] = "wstest"; from autobahntestsuite.wstest import run; run()' "\$@"
RUN
chmod +x "$folder/wstest.new"
"$folder/wstest.new" --version >/dev/null 2>&1
mv "$folder/wstest.new" "$folder/wstest"
