"""Synthetic clips as a folder of frames and one of masks, for `sampt simulate ... folder` and `sampt evaluate folder`.

    NANO_DATA_CACHE=cache python clips_folder.py OUT [CLIPS [FRAMES [SEED]]]

Made from pictures and objects that are held out from training (clips.py, split "val"): JPEGImages/clip-NN/00000.jpg and
Annotations/clip-NN/00000.png, 48 frames of 576x320 unless told otherwise, one object each, which fills 1.5 to 25 % of the first frame and is seen in most.
"""

import os
import sys

import cv2
import numpy as np

import clips

WIDTH, HEIGHT = 576, 320
DEFAULTS = [12, 48, 777001]  # clips, frames, first seed


def followed(groups):
    """The number of an object to follow; None: there is none."""
    for number in range(1, groups.max() + 1):
        shares = (groups == number).mean((1, 2))
        if 0.015 < shares[0] < 0.25 and (shares > 0.004).mean() > 0.8:
            return number
    return None


def write(out, name, frames, mask):
    for folder in ("JPEGImages", "Annotations"):
        os.makedirs(f"{out}/{folder}/{name}", exist_ok=True)
    for t, frame in enumerate(frames):
        cv2.imwrite(f"{out}/JPEGImages/{name}/{t:05d}.jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
        cv2.imwrite(f"{out}/Annotations/{name}/{t:05d}.png", mask[t].astype(np.uint8))


def main():
    out, (count, length, seed) = sys.argv[1], [int(v) for v in sys.argv[2:]] + DEFAULTS[len(sys.argv) - 2 :]
    scenes = clips.Scenes(W=WIDTH, H=HEIGHT, T=length, npts=64, split="val")
    made = 0
    while made < count:
        clip = scenes.make(np.random.default_rng(seed))
        number = followed(clip["groups"])
        if number is not None:
            write(out, f"clip-{made:02d}", clip["frames"], clip["groups"] == number)
            made += 1
        seed += 1


main()
