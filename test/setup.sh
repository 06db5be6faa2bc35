#!/bin/sh
# Installs what the tests use from the distribution: `test/setup.sh [build|all|cluster]`.
#
#   build    compiler, build systems and libraries of the build cases (default; before every `npm test`)
#   all      also the browser for the HTML report, what looks at the manual, and the filesystems that the benchmark compares with
#   cluster  also what the examples of docs/tinderbox.md run on; only when it is asked for
#
# On Debian and as root by apt-get; nothing is done when all is there. Otherwise, or with LVFS_NO_INSTALL=1, it says
# what is missing: tests that need it are skipped and say so. Fails only when an installation fails under CI=true.

build='gcc libc6-dev make pkgconf flex bison gettext autoconf automake m4 cmake ninja-build meson perl python3
  libyaml-dev libpopt-dev libpng-dev libfreetype-dev libfribidi-dev python3-yaml libjson-perl'
all='chromium libfuse2 bindfs fuse-overlayfs mergerfs unionfs-fuse strace mandoc'
cluster='parallel slurm-wlm'
gentoo='dev-build/autoconf dev-build/automake dev-build/cmake dev-build/meson dev-build/ninja dev-lang/perl dev-libs/fribidi
  dev-libs/libyaml dev-libs/popt dev-perl/JSON dev-python/pyyaml media-libs/freetype media-libs/libpng sys-devel/bison
  sys-devel/flex sys-devel/gettext sys-devel/m4 virtual/pkgconfig'

case ${1:-build} in
  build) wanted=$build ;;
  all) wanted="$build $all" gentoo="$gentoo app-text/mandoc dev-debug/strace sys-fs/bindfs sys-fs/fuse:0 sys-fs/fuse-overlayfs sys-fs/mergerfs sys-fs/unionfs-fuse www-client/chromium" ;;
  cluster) wanted="$build $cluster" gentoo="$gentoo sys-process/parallel sys-cluster/slurm" ;;
  *) echo "usage: test/setup.sh [build|all|cluster]" >&2; exit 2 ;;
esac

if command -v emerge >/dev/null 2>&1; then
  # Which of them are there is Portage's to say; nothing is installed on a Gentoo machine uninvited.
  missing=
  for package in $gentoo; do
    portageq has_version / "$package" 2>/dev/null || missing="$missing $package"
  done
  [ -z "$missing" ] || echo "For all tests: emerge --ask --noreplace --oneshot$missing"
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "Neither apt-get nor emerge here: tests that need tools of the distribution may be skipped."
  exit 0
fi

# Two runs at once wait for each other here: apt-get update does not wait for another, and what that installs need not be installed again.
if [ "$(id -u)" = 0 ] && command -v flock >/dev/null 2>&1; then
  exec 9</var/lib/dpkg && flock 9
fi

missing=
for package in $wanted; do
  # shellcheck disable=SC2016 -- the format is dpkg-query's
  case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
    *' installed') ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

if [ "${LVFS_NO_INSTALL:-}" = 1 ] || [ "$(id -u)" != 0 ]; then
  echo "Not installed, so that some tests are skipped:$missing"
  exit 0
fi
echo "Installing for the tests (LVFS_NO_INSTALL=1 forbids it):$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=1 -o Acquire::http::Timeout=30 "$@" >"$log" 2>&1; }
install() { apt install -y --no-install-recommends "$@"; }
# The package lists of a fresh machine are missing or out of date: a first failure means fetching them.
# shellcheck disable=SC2086 -- a list
install $missing || { apt update && install $missing; } && exit 0
# A name that this release does not have must not keep the others away.
failed=
for package in $missing; do
  install "$package" || failed="$failed $package"
done
[ -n "$failed" ] || exit 0
tail -n 5 "$log" >&2
echo "apt-get could not install$failed; tests that need them are skipped." >&2
[ "${CI:-}" != true ]
