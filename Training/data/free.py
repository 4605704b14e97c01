"""free.py: fills NANO_DATA/free with pictures that anybody may use and pass on, out of Debian packages.

Packages, their versions, checksums and licences stand in sources.tsv beside this file. A package whose checksum differs is refused. Written are
    free/pictures/PACKAGE/...   photographs, at most 1000 pixels wide and high
    free/cutouts/PACKAGE/...    pictures with an alpha channel, at most 500 pixels wide and high
    free/copyright/PACKAGE      the packages' own statements on copyright, a holder and a licence for each file
    free/files.tsv              every file: path, SHA-256, package, licence
Needs apt-get (Debian 12) and dpkg-deb, and numpy and opencv.
"""

import csv
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(os.environ.get("NANO_DATA", "data"), "free")


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sources():
    with open(os.path.join(HERE, "sources.tsv")) as file:
        return list(csv.reader((line for line in file if not line.startswith("#")), delimiter="\t"))


def download(package, version, digest, folder):
    """the package's .deb in `folder`, downloaded if it is not there"""
    found = glob.glob(os.path.join(folder, f"{package}_*.deb"))
    if not found:
        subprocess.run(["apt-get", "download", f"{package}={version}"], cwd=folder, check=True)
        found = glob.glob(os.path.join(folder, f"{package}_*.deb"))
    have = sha256(found[0])
    if have != digest:
        sys.exit(f"{found[0]}: SHA-256 is {have}, sources.tsv says {digest}. Delete the file and try again.")
    return found[0]


def shrunk(im, longest):
    k = longest / max(im.shape[:2])
    return im if k >= 1 else cv2.resize(im, None, fx=k, fy=k, interpolation=cv2.INTER_AREA)


def is_photograph(im):
    """drawings and plain gradients have few colours or hardly any detail"""
    small = cv2.resize(im, (256, 256), interpolation=cv2.INTER_AREA)
    colours = len(np.unique((small >> 2).reshape(-1, 3), axis=0))
    return colours > 1500 and cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), cv2.CV_32F).std() > 6


def cutout(im):
    """a picture with an alpha channel that holds one thing, cropped to it; None if it is too small or holds nothing"""
    if im.ndim != 3 or im.shape[2] != 4:
        return None
    a = im[..., 3] > 127
    if not a.any():
        return None
    ys, xs = np.flatnonzero(a.any(1)), np.flatnonzero(a.any(0))
    im = im[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    a = a[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    if min(a.shape) < 60 or not 0.15 < a.mean() < 0.97:
        return None
    inside = im[a][:, :3] >> 3
    if len(np.unique(inside, axis=0)) < 250:  # a drawing
        return None
    return shrunk(im, 500)


def main():
    debs = os.path.join(OUT, "packages")
    os.makedirs(os.path.join(OUT, "copyright"), exist_ok=True)
    os.makedirs(debs, exist_ok=True)
    rows = []
    for package, version, digest, licence, what in sources():
        deb = download(package, version, digest, debs)
        kind = "cutouts" if what.startswith("cut-outs") else "pictures"
        with tempfile.TemporaryDirectory() as work:
            subprocess.run(["dpkg-deb", "-x", deb, work], check=True)
            shutil.copy(os.path.join(work, "usr/share/doc", package, "copyright"), os.path.join(OUT, "copyright", package))
            for path in sorted(glob.glob(work + "/**/*", recursive=True)):
                if not path.lower().endswith((".jpg", ".jpeg", ".png")) or os.path.islink(path) or os.path.getsize(path) < 15_000:
                    continue
                if "screenshot" in path or "images_dark" in path:  # the same picture again
                    continue
                im = cv2.imread(path, cv2.IMREAD_UNCHANGED if kind == "cutouts" else cv2.IMREAD_COLOR)
                if im is None or im.dtype != np.uint8:
                    continue
                if kind == "cutouts":
                    im = cutout(im)
                elif min(im.shape[:2]) < 400 or im.shape[0] > im.shape[1] or not is_photograph(im):
                    im = None
                else:
                    im = shrunk(im, 1000)
                if im is None:
                    continue
                name = os.path.splitext(os.path.relpath(path, work + "/usr/share").replace("/", "_"))[0]
                target = os.path.join(OUT, kind, package, name + (".png" if kind == "cutouts" else ".jpg"))
                os.makedirs(os.path.dirname(target), exist_ok=True)
                cv2.imwrite(target, im, [cv2.IMWRITE_JPEG_QUALITY, 95] if kind == "pictures" else [])
                rows.append([os.path.relpath(target, OUT), sha256(target), package, licence])
        print(package, sum(r[2] == package for r in rows), flush=True)
    with open(os.path.join(OUT, "files.tsv"), "w") as file:
        csv.writer(file, delimiter="\t", lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
