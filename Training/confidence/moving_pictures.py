"""moving_pictures.py OUT [CLIPS [FRAMES [SEED]]]: clips of real pictures that a camera moves over, for fit.py: things of DUTS-TE where they were photographed,
with their true masks. Nothing was trained on them. JPEGImages/clip-NN/00000.jpg and Annotations/clip-NN/00000.png as `sampt evaluate confidence
--root` reads them. The camera pans, turns, zooms and looks from the side, up to a twelfth of the picture's width a frame; light changes, motion blurs.
NANO_DATA and NANO_CACHE as for training."""

import math
import os
import sys

import cv2
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../nano_prompt"))
import salient

WIDTH, HEIGHT = 576, 320


def swing(rng, frames, size):
    """starts anywhere in a slow wave of this size"""
    return size * np.sin(rng.uniform(0.05, 0.35) * np.arange(frames) + rng.uniform(0, 2 * math.pi))


def clip(picture, rng, frames):
    im, lab = picture["im"], picture["anns"][0]["lab"]
    h, w = lab.shape
    fit = max(WIDTH / w, HEIGHT / h) * rng.uniform(1.05, 1.6)
    x, y = swing(rng, frames, rng.uniform(0, 0.25)) * WIDTH, swing(rng, frames, rng.uniform(0, 0.2)) * HEIGHT
    angle, zoom = swing(rng, frames, rng.uniform(0, 0.3)), np.exp(swing(rng, frames, rng.uniform(0, 0.35)))
    side, gain = swing(rng, frames, rng.uniform(0, 4e-4)), np.exp(swing(rng, frames, rng.uniform(0, 0.25)))
    shutter, before = rng.uniform(0, 0.8), None
    for t in range(frames):
        c, s, k = math.cos(angle[t]), math.sin(angle[t]), fit * zoom[t]
        to_centre = np.array([[1, 0, -w / 2], [0, 1, -h / 2], [0, 0, 1]])
        m = np.array([[k * c, -k * s, 0], [k * s, k * c, 0], [side[t], 0, 1]]) @ to_centre
        m = np.array([[1, 0, WIDTH / 2 + x[t]], [0, 1, HEIGHT / 2 + y[t]], [0, 0, 1]]) @ m
        one = lambda v, how: cv2.warpPerspective(v, m, (WIDTH, HEIGHT), flags=how, borderMode=cv2.BORDER_REFLECT_101)
        frame, mask = one(im, cv2.INTER_AREA if k < 1 else cv2.INTER_LINEAR), one(lab, cv2.INTER_NEAREST)
        if before is not None:
            d = np.array([x[t], y[t]]) - before
            n = int(np.abs(d).max() * shutter)
            if n > 2:
                kernel = np.zeros((n | 1, n | 1), np.float32)
                v, mid = d / np.abs(d).max() * (n // 2), n // 2
                cv2.line(kernel, tuple(int(q) for q in np.round(mid - v)), tuple(int(q) for q in np.round(mid + v)), 1)
                frame = cv2.filter2D(frame, -1, kernel / kernel.sum())
        before = np.array([x[t], y[t]])
        yield np.clip(frame * gain[t] + rng.normal(0, 3, frame.shape), 0, 255).astype(np.uint8), mask


def main(out, clips=60, frames=12, seed=5):
    pictures, _ = salient.load("val")
    made, tried = 0, 0
    while made < int(clips):
        rng = np.random.default_rng((int(seed), tried))
        tried += 1
        sequence = list(clip(pictures[rng.integers(len(pictures))], rng, int(frames)))
        if not all(0.004 < mask.mean() < 0.5 for _, mask in sequence):
            continue
        for folder, index in (("JPEGImages", 0), ("Annotations", 1)):
            path = f"{out}/{folder}/clip-{made:02d}"
            os.makedirs(path, exist_ok=True)
            for t, frame in enumerate(sequence):
                v = frame[0][..., ::-1] if index == 0 else frame[1] * np.uint8(255)
                cv2.imwrite(f"{path}/{t:05d}" + (".jpg" if index == 0 else ".png"), v)
        made += 1
    print(made, "clips of", tried)


if __name__ == "__main__":
    main(*sys.argv[1:])
