"""What else clips.py makes clips of: whole things (DUTS) and cut-outs (free pictures), and things of noise that no camera saw.

Things and cut-outs come out of the caches of the segmenter's training, DUTS-TR.pkl (salient.py) and free.pkl (free_scenes.py); of the things every tenth
is held out, of the free pictures those that are held out there."""

import math
import os
import pickle

import cv2
import numpy as np

from data import CACHE


def soft(mask):
    """mask of 0 and 1 -> alpha with soft edges"""
    return cv2.GaussianBlur(cv2.erode(mask * np.uint8(255), np.ones((3, 3), np.uint8)), (0, 0), 0.7)


class Things:
    def __init__(self, split="train", cutouts=0.25):
        """cutouts: share of cut-outs among the objects"""
        self.pictures, pool = pickle.load(open(os.path.join(CACHE, "DUTS-TR.pkl"), "rb"))
        self.pool = [e for i, e in enumerate(pool) if (i % 10 != 0) == (split == "train")]
        self.photographs, self.cutouts, self.pasted = pickle.load(open(os.path.join(CACHE, "free.pkl"), "rb"))[split]
        self.share = cutouts

    def cut(self, rng):
        """an object: (RGB, alpha uint8), no longer than 400 pixels"""
        if rng.random() < self.share:
            i, (x0, y0, x1, y1), mask = self.pasted[rng.integers(len(self.pasted))]
            im = self.cutouts[i]["im"]
        else:
            i, (x0, y0, x1, y1), mask = self.pool[rng.integers(len(self.pool))]
            im = cv2.imdecode(self.pictures[i]["jpg"], 1)[..., ::-1]
        a, b = max(0, x0), max(0, y0)
        im = im[b:y1, a:x1]
        mask = mask[b - y0 : b - y0 + im.shape[0], a - x0 : a - x0 + im.shape[1]]
        im = im[: mask.shape[0], : mask.shape[1]]
        k = 400 / max(mask.shape)
        if k < 1:
            size = max(4, round(mask.shape[1] * k)), max(4, round(mask.shape[0] * k))
            im = cv2.resize(im, size, interpolation=cv2.INTER_AREA)
            mask = (cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA) > 127).astype(np.uint8)
        return np.ascontiguousarray(im), soft(mask)

    def background(self, rng):
        """a part of a free photograph, about 500 pixels wide"""
        im = self.photographs[rng.integers(len(self.photographs))]["im"]
        h, w = im.shape[:2]
        side = int(min(h, w) * math.exp(rng.uniform(math.log(0.35), 0)))
        x, y = rng.integers(0, w - side + 1), rng.integers(0, h - side + 1)
        part = im[y : y + side, x : x + side]
        k = 500 / side
        return cv2.resize(part, None, fx=k, fy=k, interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_LINEAR)


def noise(rng, h, w, wavelengths):
    """smooth noise between about -1 and 1, weaker for shorter wavelengths (in pixels)"""
    out = np.zeros((h, w), np.float32)
    for l in wavelengths:
        grid = rng.uniform(-1, 1, (h // l + 4, w // l + 4)).astype(np.float32)
        big = cv2.resize(grid, None, fx=l, fy=l, interpolation=cv2.INTER_CUBIC)
        out += (l / wavelengths[0]) ** 0.6 * big[l : l + h, l : l + w]
    return out


def made_texture(rng, side):
    """RGB side x side: areas, patches and marks of a few colours, with shades"""
    colours = rng.uniform(15, 240, (4, 3)).astype(np.float32)
    k = math.exp(rng.uniform(math.log(0.6), math.log(1.8)))

    def area(wavelengths, edge, width):
        t = np.clip((noise(rng, side, side, [max(3, int(l * k)) for l in wavelengths]) - edge) / width + 0.5, 0, 1)
        return (t * t * (3 - 2 * t))[..., None]

    im = np.broadcast_to(colours[0], (side, side, 3)).copy()
    for c, (wavelengths, edge, width) in zip(
        colours[1:], (([64, 32, 16, 8], 0, 0.5), ([32, 16, 8], rng.uniform(0, 0.4), 0.25), ([16, 8], rng.uniform(0.2, 0.6), 0.3))
    ):
        im += (c - im) * area(wavelengths, edge, width)
    im *= 1 + rng.uniform(0.1, 0.4) * noise(rng, side, side, [max(3, int(l * k)) for l in (16, 8, 4)])[..., None]
    return np.clip(im, 0, 255).astype(np.uint8)


def made_cut(rng):
    """a bumpy disk of noise: (RGB, alpha uint8)"""
    side = int(rng.integers(80, 200))
    y, x = (np.mgrid[:side, :side] - (side - 1) / 2).astype(np.float32)
    angle, r = np.arctan2(y, x), np.hypot(x, y) / (side / 2)
    edge = np.ones_like(r)
    for k in range(2, 6):
        edge += rng.uniform(0, 0.4) / k * np.cos(k * angle + rng.uniform(0, 2 * math.pi))
    alpha = np.clip((0.95 * edge / edge.max() - r) * side / 2 + 0.5, 0, 1)
    return made_texture(rng, side), (alpha * 255).astype(np.uint8)


if __name__ == "__main__":
    import sys

    rng = np.random.default_rng(0)
    things, rows = Things(), []
    for _ in range(4):
        row = []
        for make in (things.cut, made_cut) * 3:
            im, alpha = make(rng)
            im = (im * (alpha[..., None] / 255.0) + 90 * (1 - alpha[..., None] / 255.0)).astype(np.uint8)
            row.append(cv2.resize(im, (160, 160)))
        rows.append(np.concatenate(row, 1))
    cv2.imwrite(sys.argv[1], np.concatenate(rows)[..., ::-1])
