#!/bin/sh
# Builds libpellucid and installs it: shared and static library, headers, pkg-config and CMake files.
#
# The shared library is linked here from the static one, and not taken from cargo, because the linker
# that cargo calls drops symbol versions without a word. From the static library everything but the
# interface is hidden, so that it does not clash with other Rust code in the same program.
set -eu

usage() {
    cat << 'USAGE'
usage: ffi/install.sh [OPTION...]

  --prefix DIR    where to install (default /usr/local)
  --libdir DIR    libraries (default PREFIX/lib)
  --destdir DIR   put everything below DIR, for making packages
  --without-yara  leave out YARA rules: builds in a minute, and the library is a third of the size
  --built DIR     take libpellucid_ffi.a from DIR instead of building it
  --help          this text

Needs cargo, a C compiler (cc, or $CC), ld, objcopy and ar. Examples:

  ffi/install.sh --prefix "$HOME/.local"
  sudo ffi/install.sh && sudo ldconfig
USAGE
}

prefix=/usr/local libdir='' destdir='' features='' built=''
while [ $# -gt 0 ]; do
    case $1 in
        --prefix) prefix=$2; shift 2 ;;
        --libdir) libdir=$2; shift 2 ;;
        --destdir) destdir=$2; shift 2 ;;
        --built) built=$2; shift 2 ;;
        --without-yara) features='--no-default-features --features builtin'; shift ;;
        --help) usage; exit 0 ;;
        *) echo "install.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
    esac
done
case $prefix in
    /*) ;;
    *) echo "install.sh: --prefix has to be absolute, not $prefix" >&2; exit 2 ;;
esac
libdir=${libdir:-$prefix/lib}
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$here/../Cargo.toml")
major=${version%%.*}

if [ -z "$built" ]; then
    # shellcheck disable=SC2086 # several words on purpose
    cargo build --release --locked --package pellucid-ffi --manifest-path "$here/../Cargo.toml" $features
    built=${CARGO_TARGET_DIR:-$here/../target}/release
fi
archive=$built/libpellucid_ffi.a
[ -f "$archive" ] || { echo "install.sh: there is no $archive" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep -o 'pellucid_[a-z_]*' "$here/pellucid.map" | sort -u > "$work/symbols"

# The interface as undefined symbols pulls in all that it needs, and nothing else.
set -- -shared -o "$work/libpellucid.so" "-Wl,-soname,libpellucid.so.$major" \
    "-Wl,--version-script=$here/pellucid.map" -Wl,--gc-sections -Wl,-z,defs -Wl,-z,relro -Wl,-z,now
while read -r symbol; do set -- "$@" "-Wl,-u,$symbol"; done < "$work/symbols"
"${CC:-cc}" "$@" "$archive" -lpthread -ldl -lm -lgcc_s -lc

ld -r --whole-archive "$archive" -o "$work/pellucid.o"
objcopy --keep-global-symbols="$work/symbols" --remove-section=.llvmbc --remove-section=.llvmcmd \
    "$work/pellucid.o"
ar rcs "$work/libpellucid.a" "$work/pellucid.o"

put() { install -m "$1" "$2" "$destdir$3"; }
mkdir -p "$destdir$libdir/pkgconfig" "$destdir$libdir/cmake/pellucid" "$destdir$prefix/include"
put 755 "$work/libpellucid.so" "$libdir/libpellucid.so.$version"
ln -sf "libpellucid.so.$version" "$destdir$libdir/libpellucid.so.$major"
ln -sf "libpellucid.so.$major" "$destdir$libdir/libpellucid.so"
put 644 "$work/libpellucid.a" "$libdir/libpellucid.a"
put 644 "$here/include/pellucid.h" "$prefix/include/pellucid.h"
put 644 "$here/include/pellucid.hpp" "$prefix/include/pellucid.hpp"

cat > "$work/pellucid.pc" << PC
prefix=$prefix
libdir=$libdir
includedir=\${prefix}/include

Name: pellucid
Description: Antivirus scan engine
Version: $version
Libs: -L\${libdir} -lpellucid
Libs.private: -lpthread -ldl -lm -lgcc_s
Cflags: -I\${includedir}
PC
put 644 "$work/pellucid.pc" "$libdir/pkgconfig/pellucid.pc"

cat > "$work/pellucid-config.cmake" << CMAKE
# find_package(pellucid) gives pellucid::pellucid (shared) and pellucid::static.
if(NOT TARGET pellucid::pellucid)
    add_library(pellucid::pellucid SHARED IMPORTED)
    set_target_properties(pellucid::pellucid PROPERTIES
        IMPORTED_LOCATION "$libdir/libpellucid.so.$version"
        IMPORTED_SONAME "libpellucid.so.$major"
        INTERFACE_INCLUDE_DIRECTORIES "$prefix/include")
    add_library(pellucid::static STATIC IMPORTED)
    set_target_properties(pellucid::static PROPERTIES
        IMPORTED_LOCATION "$libdir/libpellucid.a"
        INTERFACE_INCLUDE_DIRECTORIES "$prefix/include"
        INTERFACE_LINK_LIBRARIES "pthread;dl;m;gcc_s")
endif()
CMAKE
put 644 "$work/pellucid-config.cmake" "$libdir/cmake/pellucid/pellucid-config.cmake"

cat > "$work/pellucid-config-version.cmake" << CMAKE
set(PACKAGE_VERSION "$version")
if(PACKAGE_FIND_VERSION_MAJOR EQUAL "$major" AND NOT PACKAGE_FIND_VERSION VERSION_GREATER "$version")
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
    if(PACKAGE_FIND_VERSION VERSION_EQUAL "$version")
        set(PACKAGE_VERSION_EXACT TRUE)
    endif()
endif()
CMAKE
put 644 "$work/pellucid-config-version.cmake" "$libdir/cmake/pellucid/pellucid-config-version.cmake"
echo "installed libpellucid $version in $destdir$libdir, headers in $destdir$prefix/include"
