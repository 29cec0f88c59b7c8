# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Debian packages of the guest's architecture on a host of any other, without disturbing the host's
# own apt: each suite gets a private apt state folder below $LAB/apt, so a suite that cannot be reached
# costs nothing but itself. The mirror is whichever one the host already uses; apt checks signatures and
# sums as for any other package.

# The Debian mirror of this host, as apt itself resolved it (one-line, deb822 and mirror+file
# sources all end up here). ASSAY_LAB_MIRROR overrides it where the host is not a Debian.
debian_mirror() {
  if [[ -n ${ASSAY_LAB_MIRROR:-} ]]; then
    printf '%s\n' "$ASSAY_LAB_MIRROR"
    return
  fi
  local uri
  uri=$(apt-get indextargets --format "\$(ORIGIN)|\$(LABEL)|\$(REPO_URI)" 'Created-By: Packages' 2>/dev/null |
    awk -F'|' '$1 == "Debian" && $2 == "Debian" { print $3; exit }')
  # Before the host's first "apt-get update" nothing knows its origin: take the source as written.
  if [[ -z $uri ]]; then
    uri=$(apt-get indextargets --format "\$(CODENAME)|\$(RELEASE)|\$(REPO_URI)" 'Created-By: Packages' 2>/dev/null |
      awk -F'|' '($1 $2) ~ /bookworm|trixie|sid/ && ($1 $2) !~ /security|backports/ && $3 ~ /\/debian\/?$/ { print $3; exit }')
  fi
  [[ -n $uri ]] || die "apt knows no Debian mirror on this machine; name one in ASSAY_LAB_MIRROR"
  printf '%s\n' "$uri"
}

# suite_apt SUITE TOOL ARG... : apt-get or apt-cache for $ARCH, on the private state of SUITE.
suite_apt() {
  local state tool=$2
  state=$(suite_folder "$1")
  shift 2
  "$tool" -q -o "Dir::State=$state" -o "Dir::State::Lists=$state/lists" \
    -o "Dir::State::status=$state/status" -o "Dir::Cache=$state/cache" \
    -o "Dir::Etc::SourceList=$state/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o "APT::Architecture=$ARCH" -o "APT::Architectures=$ARCH" \
    -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none \
    -o Acquire::Retries=3 -o APT::Update::Error-Mode=any \
    -o APT::Update::Post-Invoke::=: -o Dir::Log=/dev/null "$@"
}

# Bring the package index of SUITE up to date. On failure the reason stays in suite_folder/error.
suite_update() {
  local suite=$1 state keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror
  state=$(suite_folder "$suite")
  mirror=$(debian_mirror)
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  : >"$state/status"
  local options=arch=$ARCH
  [[ ! -r $keyring ]] || options+=" signed-by=$keyring"
  printf 'deb [%s] %s %s main\n' "$options" "$mirror" "$suite" >"$state/sources.list"
  say "reading the package index of $suite"
  if suite_apt "$suite" apt-get update >"$state/log" 2>&1; then
    rm -f "$state/error"
  else
    # The mirror's address is of no use to whoever reads the reason.
    { grep -m1 '^E:' "$state/log" || tail -n1 "$state/log"; } |
      sed -E 's#[a-z+]+://[^ ]+#the mirror#g' >"$state/error"
    return 1
  fi
}

# newest_package SUITE REGEX : the highest-versioned package whose whole name matches.
newest_package() {
  suite_apt "$1" apt-cache search --names-only "^$2\$" | awk '{ print $1 }' | sort -V | tail -n1
}

# unpack_packages SUITE FOLDER GLOB PACKAGE... : download and unpack into FOLDER, all of it or only
# the files that match GLOB (a kernel package is mostly modules that nobody here loads).
unpack_packages() {
  local suite=$1 folder=$2 glob=$3 debs deb
  shift 3
  debs=$(mktemp -d "$LAB/tmp.XXXXXX")
  say "downloading $*"
  if ! (cd "$debs" && suite_apt "$suite" apt-get download "$@" >"$debs/log" 2>&1); then
    sed -E 's#[a-z+]+://[^ ]+#the mirror#g' "$debs/log" >&2
    rm -rf "$debs"
    return 1
  fi
  mkdir -p "$folder"
  for deb in "$debs"/*.deb; do
    # A folder that is a link there already (/bin in newer suites) stays one.
    dpkg-deb --fsys-tarfile "$deb" |
      tar -x -C "$folder" --keep-directory-symlink ${glob:+--wildcards "$glob"}
  done
  rm -rf "$debs"
}
