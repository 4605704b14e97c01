"""Scenes for marking by clicks: whole things in photographs (salient.py), cut-outs on free photographs (data/free.py) and regions of BSDS500; few
clicks beside many points.

A thing may touch the one before it, as a rider touches the horse; their union is a target too, so that one click can mean the part or the whole."""

import glob
import math
import os
import zlib

import cv2
import numpy as np

import coco
import salient
from data import CACHE, DATA, adjacency, cached, region_stats
from scenes import Scenes, pick, points, ring_of

cv2.setNumThreads(1)
SOURCES = ("bsds", "duts", "coco")
HELD_OUT = 8  # every eighth picture and cut-out, by a hash of its name, is never trained on


def is_held_out(path):
    return zlib.crc32(os.path.basename(path).encode()) % HELD_OUT == 0


def item(im, lab, n):
    area, border, bb = region_stats(lab, n)
    return dict(im=im, anns=[dict(lab=lab, area=area, border=border, bb=bb, adj=adjacency(lab, n), cls=np.array([0] + [9] * (n - 1)))], kind="camvid")


def load(split, cache=os.path.join(CACHE, "free.pkl")):
    """photographs (one region: all of it) and cut-outs (region 1) with the pool of what may be pasted"""
    return cached(cache, read)[split]


def read():
    out = {s: ([], [], []) for s in ("train", "val")}
    for f in sorted(glob.glob(DATA + "/free/pictures/*/*")):
        im = cv2.imread(f)
        im = cv2.resize(im, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)[..., ::-1].copy()
        out["val" if is_held_out(f) else "train"][0].append(item(im, np.zeros(im.shape[:2], np.uint8), 1))
    for f in sorted(glob.glob(DATA + "/free/cutouts/*/*")):
        im = cv2.imread(f, -1)
        pictures, cutouts, pool = out["val" if is_held_out(f) else "train"]
        a = np.pad((im[..., 3] > 127).astype(np.uint8), 2)
        rgb = np.pad(im[..., 2::-1], ((2, 2), (2, 2), (0, 0)), mode="edge")
        clear = a == 0  # colours under a clear pixel are arbitrary: those of the nearest opaque one
        _, near = cv2.distanceTransformWithLabels(clear.astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
        at = np.zeros(near.max() + 1, int)
        at[near[~clear]] = np.flatnonzero(~clear)
        rgb = rgb.reshape(-1, 3)[at[near]].reshape(rgb.shape)
        pool.append((len(cutouts), (0, 0, a.shape[1], a.shape[0]), a))
        cutouts.append(item(rgb, a, 2))
    return out


def centre(mask):
    """the centre of the largest circle inside the mask: where people click"""
    d = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(d.argmax(), d.shape)
    return np.array([x, y], float), float(d.max())


def few_clicks(mask, rng):
    """1 to 3 clicks inside, now and then 1 or 2 outside: centres of the largest circles, each without those before, or anywhere well inside"""
    n = 1 if rng.random() < 0.6 else int(rng.integers(2, 4))
    left, p = mask.copy(), []
    for _ in range(n):
        c, r = centre(left)
        if r < 1.5:
            break
        if rng.random() < 0.35:  # anywhere well inside
            q = pick(cv2.erode(left.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=max(1, int(r / 4)), borderValue=0), 1, rng)
            c = q[0] if len(q) else c
        else:
            c = c + rng.normal(0, 0.15 * r, 2)
        p.append(c)
        cv2.circle(m8 := left.astype(np.uint8), (int(c[0]), int(c[1])), max(1, int(r)), 0, -1)
        left = m8 > 0
    p = np.array(p).reshape(-1, 2)
    q = np.zeros((0, 2))
    if rng.random() < 0.2:
        q = pick(ring_of(mask.astype(np.uint8), rng.uniform(0.1, 0.5)), int(rng.integers(1, 3)), rng)
    return p + 0.5, q + 0.5


class FreeScenes(Scenes):
    """sources: research data beside what is free, "bsds" and "duts", and "coco", of which free pictures alone are taken; whole: share of scenes with
    whole things (half as many others where there are no regions of BSDS500); 0: no such things at all; free: of the others those on a free photograph; few: share of targets marked by few clicks;
    coco_share: share of COCO among whole things"""

    def __init__(self, split="train", sources=SOURCES, whole=0.5, free=0.5, few=0.45, coco_share=0.2):
        super().__init__(split, paste=0.6 if split == "train" else 0.0, camvid=0.0, extra=0.0)
        regions = "bsds" in sources and len(self.c.bs) > 0
        self.photographs, cutouts, pool = load(split)
        self.free, self.few = free if regions else 1.0, few
        n = len(self.src)
        self.src = self.src + cutouts
        self.xpool = [(i + n, b, m) for i, b, m in pool]
        self.pe = 1.0 if split != "train" or not regions else 0.7
        self.c.unions = 0.15  # few clicks cannot tell which neighbours belong to it
        self.things, pools = [], []
        for name, share, of in (("duts", 1 - coco_share, salient), ("coco", coco_share, coco)):
            pictures, pool = of.load(split) if whole and name in sources else ([], [])
            if pictures:
                n = len(self.src)
                self.src = self.src + pictures
                self.things.append((share, pictures))
                pools += [(i + n, b, m) for i, b, m in pool]
        self.whole = (whole if regions else (1 + whole) / 2) if self.things else 0.0
        # As many of the ones as of the others, though they are fewer.
        self.xpool = self.xpool * max(1, len(pools) // len(self.xpool)) + pools

    def thing(self, rng):
        shares = np.array([share for share, _ in self.things])
        pictures = self.things[rng.choice(len(shares), p=shares / shares.sum())][1]
        return pictures[rng.integers(len(pictures))]

    def base(self, rng):
        while rng.random() < self.whole:
            it = self.thing(rng)
            an = it["anns"][0]
            sel = self.c.pick_regions(it, an, rng)
            if sel is not None:
                return it, an, sel
        if rng.random() < self.free:
            it = self.photographs[rng.integers(len(self.photographs))]
            return it, it["anns"][0], [0]
        while True:
            it = self.items[rng.choice(self.c.bs)]
            # Of two people the one who drew fewer regions: whoever clicks on a thing means the whole more often than a part.
            an = min((it["anns"][rng.integers(len(it["anns"]))] for _ in range(2)), key=lambda a: len(a["area"]))
            sel = self.c.pick_regions(it, an, rng)
            if sel is not None:
                return it, an, sel

    def scene(self, rng, K):
        sc = super().scene(rng, K)
        if len(sc["an"]["area"]) == 2 and rng.random() < 0.5:  # a thing where it was photographed
            sc["pastes"], sc["union"] = [], False
        if len(sc["an"]["area"]) == 1:
            sc["pastes"] = self.pastes(rng)
            sc["f"] = math.exp(rng.uniform(math.log(0.1), math.log(0.9)))
        if len(sc["pastes"]) >= 2 and rng.random() < 0.4:
            a, b = sc["pastes"][-2:]
            ang = rng.uniform(0, 2 * math.pi)
            b["on"] = [0.8 * math.cos(ang), 0.8 * math.sin(ang)]
            b["fr"] = float(np.clip(a["fr"] * math.exp(rng.uniform(-1.6, 0.7)), 0.004, 0.35))
            sc["union"] = True
        return sc

    def prompts(self, mask, rng, hasref):
        if rng.random() < self.few:
            p, q = few_clicks(mask, rng)
            if len(p):
                return p, q
        return points(mask, rng, hasref)


if __name__ == "__main__":
    d = FreeScenes()
    print("photographs", len(d.photographs), "cut-outs", len(d.xpool), "held out", [len(v) for v in load("val")])
    rng = np.random.default_rng(5)
    rows = []
    for i in range(8):
        im, gt, p, _, _ = d.batch(rng, 320, 320, 2, 2, 0.5)
        row = []
        for n in (0, 1):
            row.append(im[n])
            for j in range(2):
                v = im[n].copy()
                m = cv2.resize(gt[n, j], (320, 320)) > 127
                v[m] = v[m] // 2 + np.array([127, 0, 0], np.uint8)
                for x, y, l in p[n, j]:
                    if l >= 0:
                        cv2.circle(v, (int(x), int(y)), 4, (0, 255, 0) if l else (0, 0, 255), -1)
                row.append(v)
        rows.append(np.concatenate(row, 1))
    cv2.imwrite(os.path.join(CACHE, "free-scenes.jpg"), np.concatenate(rows)[..., ::-1])
