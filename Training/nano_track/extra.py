"""extra.pkl for clips.py: list of (RGB, box, mask of the box, use as background) from folders of pictures with object masks.
NANO_DATA (folder with extra/horse, extra/human, extra/voc), NANO_DATA_CACHE."""

import glob
import os
import pickle
import numpy as np
import cv2

R = os.environ["NANO_DATA"] + "/extra"
out = []


def add(rgb, mask, bg):
    s = min(1.0, 400 / max(rgb.shape[:2]))
    h, w = round(rgb.shape[0] * s), round(rgb.shape[1] * s)
    rgb = (
        cv2.resize(rgb, (w, h), interpolation=cv2.INTER_AREA)[..., ::-1].copy()
        if s < 1 or rgb.shape[:2] != (h, w)
        else rgb[..., ::-1].copy()
    )
    mask = (cv2.resize(mask.astype(np.uint8) * 255, (w, h), interpolation=cv2.INTER_AREA) > 127).astype(np.uint8)
    n, lab, st, _ = cv2.connectedComponentsWithStats(mask)
    if n < 2:
        return
    j = 1 + st[1:, 4].argmax()
    x, y, bw, bh, a = st[j]
    if a < 400 or a > 0.7 * h * w:
        return
    out.append((rgb, (x, y, x + bw, y + bh), (lab[y : y + bh, x : x + bw] == j).astype(np.uint8), bg))


for f in sorted(glob.glob(R + "/horse/rgb/*")):
    m = cv2.imread(f.replace("/rgb/", "/figure_ground/"), 0)
    if m is not None:
        add(cv2.imread(f), m > 127, False)
nh = len(out)
for f in sorted(glob.glob(R + "/human/Training_Images/*")):
    b = os.path.splitext(os.path.basename(f))[0]
    g = glob.glob(glob.escape(R) + f"/human/Ground_Truth/{b}*")
    if g:
        add(cv2.imread(f), cv2.imread(g[0], 0) > 127, False)
print(nh, len(out))
n2 = len(out)
for f in sorted(glob.glob(R + "/voc/JPEGImages/*")):
    g = f.replace("JPEGImages", "SegmentationObject").replace(".jpg", ".png")
    if not os.path.exists(g):
        continue
    im, m = cv2.imread(f), cv2.imread(g)
    key = (m.astype(np.int32) * [1, 256, 65536]).sum(2)
    for k in np.unique(key):
        if k in (0, 224 + 224 * 256 + 192 * 65536, 192 + 224 * 256 + 224 * 65536):
            continue
        add(im, key == k, False)
print(n2, len(out), "mean size", np.mean([o[2].shape for o in out], 0))
pickle.dump(out, open(os.environ["NANO_DATA_CACHE"] + "/extra.pkl", "wb"))
