"""Pictures of COCO that may be passed on, with a mask for each thing in them: those whose licence in COCO's own list is CC BY, CC BY-SA, none known or
that of works of the US government (4, 5, 7, 8). Its masks are under CC BY 4.0.

NANO_DATA/coco holds images/ and instances.json in COCO's form (or a part of it). Every tenth picture is held out."""

import json
import os
import pickle

import cv2
import numpy as np

from data import CACHE, DATA, adjacency, region_stats
from salient import Picture

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
    """pictures, and what of them may be pasted elsewhere: (index, box, mask)"""
    cache = os.path.join(CACHE, f"coco-{split}.pkl")
    if not os.path.exists(cache):
        pictures, pool = [], []
        path = os.path.join(DATA, "coco")
        all_of_it = json.load(open(path + "/instances.json")) if os.path.exists(path) else dict(images=[], annotations=[])
        of_picture = {}
        for a in all_of_it["annotations"]:
            of_picture.setdefault(a["image_id"], []).append(a)
        for i in all_of_it["images"]:
            if i["license"] not in FREE or (i["id"] % HELD_OUT == 0) == (split == "train"):
                continue
            lab, n = labels((i["height"], i["width"]), of_picture.get(i["id"], []))
            if n == 1:
                continue
            area, border, bb = region_stats(lab, n)
            for k in range(1, n):
                x0, y0, x1, y1 = bb[k]
                if border[k] <= 0.05 * (x1 - x0 + y1 - y0) and area[k] > 2500:
                    pool.append((len(pictures), (x0 - 2, y0 - 2, x1 + 2, y1 + 2), np.pad((lab[y0:y1, x0:x1] == k).astype(np.uint8), 2)))
            stats = dict(area=area, border=border, bb=bb, adj=adjacency(lab, n), cls=np.array([0] + [9] * (n - 1)))
            jpg = np.fromfile(os.path.join(path, "images", i["file_name"]), np.uint8)
            pictures.append(dict(jpg=jpg, png=cv2.imencode(".png", lab)[1], stats=stats, kind="camvid"))
        pickle.dump((pictures, pool), open(cache, "wb"), -1)
    pictures, pool = pickle.load(open(cache, "rb"))
    return [Picture(p) for p in pictures], pool


if __name__ == "__main__":
    for split in ("train", "val"):
        pictures, pool = load(split)
        print(split, len(pictures), "pictures,", sum(len(p["anns"][0]["area"]) - 1 for p in pictures), "things,", len(pool), "may be pasted")
