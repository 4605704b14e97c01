"""Pictures of COCO that may be passed on, with a mask for each thing in them: those whose licence in COCO's own list is CC BY, CC BY-SA, none known or
that of works of the US government (4, 5, 7, 8). Its masks are under CC BY 4.0.

NANO_DATA/coco holds images/ and instances.json in COCO's form (or a part of it). Every tenth picture is held out."""

import json
import os

import cv2
import numpy as np

from data import CACHE, DATA, cached
from salient import Picture, kept, loose

FREE = (4, 5, 7, 8)
HELD_OUT = 10


def labels(shape, annotations):
    """a map of numbers, the smaller things in front"""
    lab, n = np.zeros(shape, np.uint8), 1
    for a in sorted(annotations, key=lambda a: -a["area"]):
        if a.get("iscrowd") or a["area"] < 200 or n > 250:
            continue
        cv2.fillPoly(lab, [np.round(np.float32(p)).astype(np.int32).reshape(-1, 2) for p in a["segmentation"]], n)
        n += 1
    return lab, n


def load(split):
    """pictures, and what of them may be pasted elsewhere: (index, box, mask); none where there is no such data"""
    path = os.path.join(DATA, "coco")
    if not os.path.exists(path):
        return [], []
    pictures, pool = cached(os.path.join(CACHE, f"coco-{split}.pkl"), lambda: read(path, split))
    return [Picture(p) for p in pictures], pool


def read(path, split):
    with open(path + "/instances.json") as f:
        listed = json.load(f)
    of_picture, pictures, pool = {}, [], []
    for a in listed["annotations"]:
        of_picture.setdefault(a["image_id"], []).append(a)
    for i in listed["images"]:
        image = os.path.join(path, "images", i["file_name"])
        if i["license"] not in FREE or (i["id"] % HELD_OUT == 0) == (split == "train") or not os.path.exists(image):
            continue
        lab, n = labels((i["height"], i["width"]), of_picture.get(i["id"], []))
        if n == 1:
            continue
        picture = kept(np.fromfile(image, np.uint8), lab, n)
        pool += [(len(pictures), *thing) for thing in loose(picture, lab)]
        pictures.append(picture)
    return pictures, pool


if __name__ == "__main__":
    for split in ("train", "val"):
        pictures, pool = load(split)
        print(split, len(pictures), "pictures,", sum(len(p["anns"][0]["area"]) - 1 for p in pictures), "things,", len(pool), "may be pasted")
