"""Whole things: pictures of DUTS with the mask of what stands out in each (people with what they ride, animals, vehicles, things).

NANO_DATA/duts holds DUTS-TR/{DUTS-TR-Image,DUTS-TR-Mask} and DUTS-TE/{DUTS-TE-Image,DUTS-TE-Mask} as its authors give them away. Trained on is
DUTS-TR; DUTS-TE is held out. Pictures stay compressed in memory and are read when they are used."""

import glob
import os

import cv2
import numpy as np

from data import CACHE, DATA, adjacency, cached, region_stats

cv2.setNumThreads(1)


def whole(path):
    """the mask if it is one thing: one component, but for specks; else None"""
    m = (cv2.imread(path, 0) > 127).astype(np.uint8)
    n, lab, st, _ = cv2.connectedComponentsWithStats(m, connectivity=8)
    if n < 2:
        return None
    i = 1 + int(np.argmax(st[1:, 4]))
    if st[i, 4] < 0.95 * m.sum() or not 0.003 < m.mean() < 0.6:
        return None
    return (lab == i).astype(np.uint8)


class Picture(dict):
    """as the items of data.py; picture and mask are read when they are asked for"""

    def __getitem__(self, key):
        if key == "im":
            return cv2.imdecode(dict.__getitem__(self, "jpg"), 1)[..., ::-1]
        if key == "anns":
            return [dict(dict.__getitem__(self, "stats"), lab=cv2.imdecode(dict.__getitem__(self, "png"), 0))]
        return dict.__getitem__(self, key)


def kept(jpg, lab, n):
    """a picture (the bytes of its file) as Picture wants it, its things numbered in lab from 1 to n - 1"""
    area, border, bb = region_stats(lab, n)
    stats = dict(area=area, border=border, bb=bb, adj=adjacency(lab, n), cls=np.array([0] + [9] * (n - 1)))
    return dict(jpg=jpg, png=cv2.imencode(".png", lab)[1], stats=stats, kind="camvid")


def loose(picture, lab):
    """boxes and masks of the things that the picture's border does not cut and that are large enough: what may be pasted elsewhere"""
    area, border, bb = (picture["stats"][k] for k in ("area", "border", "bb"))
    for k in range(1, len(area)):
        x0, y0, x1, y1 = bb[k]
        if border[k] <= 0.05 * (x1 - x0 + y1 - y0) and area[k] > 2500:
            yield (x0 - 2, y0 - 2, x1 + 2, y1 + 2), np.pad((lab[y0:y1, x0:x1] == k).astype(np.uint8), 2)


def load(split):
    """pictures, and what of them may be pasted elsewhere: (index, box, mask)"""
    name = "DUTS-TR" if split == "train" else "DUTS-TE"
    pictures, pool = cached(os.path.join(CACHE, name + ".pkl"), lambda: read(name))
    return [Picture(p) for p in pictures], pool


def read(name):
    pictures, pool = [], []
    for f in sorted(glob.glob(f"{DATA}/duts/{name}/{name}-Mask/*.png")):
        m = whole(f)
        image = f.replace("-Mask", "-Image").replace(".png", ".jpg")
        if m is None or not os.path.exists(image):
            continue
        picture = kept(np.fromfile(image, np.uint8), m, 2)
        pool += [(len(pictures), *thing) for thing in loose(picture, m)]
        pictures.append(picture)
    return pictures, pool


if __name__ == "__main__":
    for split in ("train", "val"):
        pictures, pool = load(split)
        print(split, len(pictures), "of one thing,", len(pool), "may be pasted")
