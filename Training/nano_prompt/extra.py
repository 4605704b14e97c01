"""further object pictures (NANO_DATA/extra/{horse,human,voc}) -> $EXTRA cache in the form of data.load_all's items (kind 'camvid': region 0 is background)"""

import glob
import os
import pickle
import sys
import numpy as np
import cv2
from data import region_stats, adjacency, paste_pool, CACHE, DATA

cv2.setNumThreads(1)
E = DATA + "/extra"


def item(im, lab):
    k = 500 / max(im.shape[:2])
    if k < 1:
        im = cv2.resize(im, None, fx=k, fy=k, interpolation=cv2.INTER_AREA)
    lab = cv2.resize(lab, im.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    out = np.zeros(im.shape[:2], np.uint8)
    n = 1
    for v in np.unique(lab):
        if v == 0 or v == 255:
            continue
        m = lab == v
        if m.sum() < 150 or n > 200:
            continue
        out[m] = n
        n += 1
    if n == 1:
        return None
    a, b, bb = region_stats(out, n)
    return dict(
        im=cv2.cvtColor(im, cv2.COLOR_BGR2RGB),
        anns=[dict(lab=out, area=a, border=b, bb=bb, adj=adjacency(out, n), cls=np.array([0] + [9] * (n - 1)))],
        kind="camvid",
    )


def clean(m):
    m = cv2.morphologyEx(m.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    n, cc, st, _ = cv2.connectedComponentsWithStats(m)
    if n < 2:
        return m
    keep = np.flatnonzero(st[:, 4] > 0.08 * st[1:, 4].max())
    keep = keep[keep > 0]
    return np.isin(cc, keep).astype(np.uint8)


items = []
cnt = {}


def stem(f):
    return os.path.splitext(os.path.basename(f))[0]


def add(kind, ims, gts, f):
    g = {stem(x): x for x in gts}
    for p in sorted(ims):
        q = g.get(stem(p))
        if q is None:
            cnt[kind + " missing"] = cnt.get(kind + " missing", 0) + 1
            continue
        im = cv2.imread(p)
        it = item(im, f(q))
        if it:
            items.append(it)
            cnt[kind] = cnt.get(kind, 0) + 1


add(
    "horse",
    glob.glob(E + "/horse/rgb/*"),
    glob.glob(E + "/horse/figure_ground/*"),
    lambda q: clean(cv2.imread(q, 0) > 127),
)
add(
    "human",
    glob.glob(E + "/human/Training_Images/*"),
    glob.glob(E + "/human/Ground_Truth/*"),
    lambda q: clean(cv2.imread(q, 0) > 127),
)


def voc(q):
    from PIL import Image

    return np.array(Image.open(q))


add("voc", glob.glob(E + "/voc/JPEGImages/*"), glob.glob(E + "/voc/SegmentationObject/*"), voc)
pool = paste_pool(items, np.random.default_rng(2))
fr = [it["anns"][0]["area"][1:].max() / it["im"][..., 0].size for it in items]
print(cnt, len(items), "pool", len(pool), "area quantiles", np.quantile(fr, [0.05, 0.25, 0.5, 0.75, 0.95]).round(3))
pickle.dump((items, pool), open(os.environ.get("EXTRA", "extra.pkl"), "wb"), -1)
