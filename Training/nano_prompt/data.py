"""Training data: BSDS500 regions, CamVid objects, copy-paste compositing, click simulation.

Everything sits in RAM (uint8).  One __getitem__ gives one augmented image with K target masks and, for each,
simulated clicks.  Points are in pixels of the crop, pixel centres at +0.5.
"""

import glob
import os
import math
import pickle
import numpy as np
import cv2
import scipy.io as sio
import torch

cv2.setNumThreads(1)
DATA = os.environ.get(
    "NANO_DATA", "data"
)  # holds bsds/{images,groundTruth}/{train,val,test} and camvid/{train,val,test}[annot]
CACHE = os.environ.get("NANO_CACHE", "cache")
NP, NN = 16, 8  # at most 16 positive and 8 negative points
CAMVID_THINGS = {2: 0.3, 6: 0.7, 8: 1.5, 9: 1.2, 10: 1.5}  # pole, sign, car, pedestrian, bicyclist: weight


def region_stats(lab, n):
    """area, bounding box and the number of pixels on the image border for each label 0..n-1"""
    area = np.bincount(lab.ravel(), minlength=n)
    border = np.bincount(np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]]), minlength=n)
    bb = np.zeros((n, 4), int)
    for i in range(n):
        ys = np.flatnonzero((lab == i).any(1))
        xs = np.flatnonzero((lab == i).any(0))
        if len(ys):
            bb[i] = xs[0], ys[0], xs[-1] + 1, ys[-1] + 1
    return area, border, bb


def adjacency(lab, n):
    a = np.zeros((n, n), np.int32)
    for u, v in ((lab[:, :-1], lab[:, 1:]), (lab[:-1], lab[1:])):
        m = u != v
        np.add.at(a, (u[m], v[m]), 1)
    return a + a.T


def cached(path, make):
    """what make() gives, kept in a file, which appears when it is whole: processes that train together may want it at once"""
    if not os.path.exists(path):
        part = f"{path}.{os.getpid()}"
        with open(part, "wb") as f:
            pickle.dump(make(), f, -1)
        os.replace(part, path)
    with open(path, "rb") as f:
        return pickle.load(f)


def load_all(cache=os.path.join(CACHE, "data.pkl")):
    return cached(cache, read_all)


def read_all():
    items, val = [], []
    for sp in ("train", "val", "test"):
        for i, f in enumerate(sorted(glob.glob(f"{DATA}/bsds/groundTruth/{sp}/*.mat"))):
            im = cv2.imread(f.replace("groundTruth", "images").replace(".mat", ".jpg"))
            im = cv2.cvtColor(im, cv2.COLOR_BGR2RGB)
            gt = sio.loadmat(f)["groundTruth"][0]
            anns = []
            for g in gt:
                lab = g["Segmentation"][0, 0].astype(np.int32)
                # make every connected component its own region, drop specks
                out = np.zeros_like(lab)
                k = 0
                for v in np.unique(lab):
                    n, cc = cv2.connectedComponents((lab == v).astype(np.uint8), connectivity=4)
                    for c in range(1, n):
                        out[cc == c] = k
                        k += 1
                if k > 250:
                    continue
                area, border, bb = region_stats(out, k)
                anns.append(dict(lab=out.astype(np.uint8), area=area, border=border, bb=bb, adj=adjacency(out, k)))
            it = dict(im=im, anns=anns, kind="bsds")
            (val if sp == "test" and i % 5 == 0 else items).append(it)
    for sp in ("train", "val", "test"):
        for i, f in enumerate(sorted(glob.glob(f"{DATA}/camvid/{sp}annot/*.png"))):
            a = cv2.imread(f, -1)
            im = cv2.cvtColor(cv2.imread(f.replace("annot", "")), cv2.COLOR_BGR2RGB)
            lab = np.zeros(a.shape, np.uint8)
            cls = [0]
            k = 1
            for c in CAMVID_THINGS:
                n, cc, st, _ = cv2.connectedComponentsWithStats((a == c).astype(np.uint8), connectivity=8)
                for j in range(1, n):
                    if st[j, 4] >= 120 and k < 250:
                        lab[cc == j] = k
                        cls.append(c)
                        k += 1
            if k == 1:
                continue
            area, border, bb = region_stats(lab, k)
            items.append(
                dict(
                    im=im,
                    anns=[dict(lab=lab, area=area, border=border, bb=bb, adj=adjacency(lab, k), cls=np.array(cls))],
                    kind="camvid",
                )
            )
    return items, val


def objectness(it, an):
    """sampling weight of each region: large, compact, away from the image border"""
    a = an["area"].astype(float)
    bb = an["bb"]
    tot = an["lab"].size
    w = np.maximum(bb[:, 2] - bb[:, 0], 1)
    h = np.maximum(bb[:, 3] - bb[:, 1], 1)
    fill = a / (w * h)
    bf = an["border"] / (2.0 * (w + h))
    s = np.sqrt(a / tot) * np.clip(1 - 1.6 * bf, 0.08, 1) * np.clip(fill, 0.15, 0.7)
    s[(a < 0.0015 * tot) | (a > 0.5 * tot)] = 0
    if it["kind"] == "camvid":
        s[0] = 0
        s *= np.array([CAMVID_THINGS.get(c, 0) for c in an["cls"]])
    return s


def paste_pool(items, rng, n=5000):
    """(item, region mask crop) of compact regions that may be pasted elsewhere, as (item id, bbox, mask)"""
    pool = []
    for i, it in enumerate(items):
        for an in it["anns"][:3] if it["kind"] == "bsds" else it["anns"]:
            s = objectness(it, an)
            tot = an["lab"].size
            for r in np.argsort(-s)[:6]:
                if s[r] <= 0:
                    continue
                w, h = an["bb"][r, 2] - an["bb"][r, 0], an["bb"][r, 3] - an["bb"][r, 1]
                fill = an["area"][r] / (w * h)
                if an["border"][r] > 0.12 * (w + h) or fill < 0.3 or an["area"][r] < 900:
                    continue
                if it["kind"] == "camvid" and (an["cls"][r] in (2, 6)):
                    continue
                sel = [r]
                # sometimes the object is a group of adjacent regions
                if it["kind"] == "bsds" and rng.random() < 0.3:
                    nb = [
                        q
                        for q in np.flatnonzero(an["adj"][r] > 20)
                        if an["border"][q] == 0 and an["area"][q] < 0.15 * tot
                    ]
                    sel += list(rng.permutation(nb)[:2])
                m = np.isin(an["lab"], sel)
                ys = np.flatnonzero(m.any(1))
                xs = np.flatnonzero(m.any(0))
                x0, y0, x1, y1 = xs[0], ys[0], xs[-1] + 1, ys[-1] + 1
                mm = np.zeros((y1 - y0 + 4, x1 - x0 + 4), np.uint8)
                mm[2:-2, 2:-2] = m[y0:y1, x0:x1]
                pool.append((i, (x0 - 2, y0 - 2, x1 + 2, y1 + 2), mm))
    return pool


def colour_jitter(im, rng, k=1.0):
    x = im.astype(np.float32)
    if rng.random() < 0.8:
        x = x * (1 + k * rng.uniform(-0.3, 0.3)) + k * rng.uniform(-25, 25)
        x = x * (1 + k * rng.uniform(-0.12, 0.12, 3).astype(np.float32))
    if rng.random() < 0.5:
        mu = x.mean((0, 1), keepdims=True)
        x = (x - mu) * (1 + k * rng.uniform(-0.4, 0.4)) + mu
    if rng.random() < 0.5:
        g = x.mean(2, keepdims=True)
        x = g + (x - g) * (1 + k * rng.uniform(-0.6, 0.5))
    return np.clip(x, 0, 255)


def blur(x, rng):
    r = rng.random()
    if r < 0.12:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.8))
    elif r < 0.22:  # motion blur
        n = int(rng.integers(3, 12))
        kx = np.zeros((n, n), np.float32)
        a = rng.uniform(0, math.pi)
        c = (n - 1) / 2
        cv2.line(
            kx,
            (int(round(c - c * math.cos(a))), int(round(c - c * math.sin(a)))),
            (int(round(c + c * math.cos(a))), int(round(c + c * math.sin(a)))),
            1,
            1,
        )
        x = cv2.filter2D(x, -1, kx / kx.sum())
    if rng.random() < 0.2:
        x = x + rng.normal(0, rng.uniform(2, 12), x.shape).astype(np.float32)
    if rng.random() < 0.25:
        q = cv2.imencode(".jpg", np.clip(x, 0, 255).astype(np.uint8), [1, int(rng.integers(30, 90))])[1]
        x = cv2.imdecode(q, 1).astype(np.float32)
    return x


def kmeans_points(xy, n, rng, iters=4):
    """n points spread over the pixels xy (K-medoids like): k-means on a subsample, snapped to a pixel"""
    if len(xy) > 220:
        xy = xy[rng.integers(0, len(xy), 220)]
    xy = xy.astype(np.float32)
    if len(xy) <= n:
        return xy[rng.integers(0, len(xy), n)]
    c = xy[rng.permutation(len(xy))[:n]]
    for _ in range(iters):
        d = ((xy[:, None] - c[None]) ** 2).sum(2)
        a = d.argmin(1)
        cnt = np.bincount(a, minlength=n)[:, None]
        s = np.stack([np.bincount(a, xy[:, k], n) for k in (0, 1)], 1)
        c = np.where(cnt > 0, s / np.maximum(cnt, 1), c).astype(np.float32)
    d = ((xy[:, None] - c[None]) ** 2).sum(2)
    return xy[d.argmin(0)]


def simulate(mask, rng):
    """mask: S,S bool -> positives n,2 and negatives m,2 in pixels"""
    h_, w_ = mask.shape
    S = mask.shape[0]
    m8 = mask.astype(np.uint8)
    src = m8
    if rng.random() < 0.6:
        e = cv2.erode(m8, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 4)), borderValue=0)
        if e.sum() > 30:
            src = e
    ys, xs = np.nonzero(src)
    xy = np.stack([xs, ys], 1)
    u = rng.random()
    n = (
        1
        if u < 0.07
        else (
            int(rng.integers(2, 5)) if u < 0.2 else int(rng.integers(5, 9)) if u < 0.4 else int(rng.integers(9, NP + 1))
        )
    )
    p = kmeans_points(xy, n, rng) if rng.random() < 0.75 else xy[rng.integers(0, len(xy), n)].astype(np.float32)
    if rng.random() < 0.5:
        p = p + rng.normal(0, rng.uniform(0.3, 4), p.shape)
    if n >= 5 and rng.random() < 0.5:
        # drifted points: a few moved off, most of them nearby
        bad = rng.random(n) < 0.13
        far = rng.random(n) < 0.35
        step = np.where(far[:, None], rng.uniform(-S / 3, S / 3, (n, 2)), rng.normal(0, S * 0.06, (n, 2)))
        p = np.where(bad[:, None], p + step, p)
    # negatives: mostly a ring around the object
    k = 0 if rng.random() < 0.1 else int(rng.integers(1, NN + 1))
    q = np.zeros((0, 2))
    if k:
        size = max(6, math.sqrt(m8.sum()))
        r = int(np.clip(rng.uniform(0.06, 0.6) * size, 4, 60))
        f = max(1, r // 8)
        sm = cv2.resize(m8, (w_ // f, h_ // f), interpolation=cv2.INTER_AREA) if f > 1 else m8
        kk = 2 * max(1, r // f) + 1
        big = cv2.dilate(sm, np.ones((kk, kk), np.uint8))
        if f > 1:
            big = cv2.resize(big, (w_, h_), interpolation=cv2.INTER_NEAREST)
        near = cv2.dilate(m8, np.ones((5, 5), np.uint8))
        ring = (big > 0) & (near == 0)
        bg = near == 0
        for reg, cnt in ((ring, int(round(k * rng.choice([1.0, 0.8, 0.5, 0.0], p=[0.45, 0.25, 0.2, 0.1])))), (bg, k)):
            need = min(cnt, k - len(q))
            if need <= 0:
                continue
            ys, xs = np.nonzero(reg)
            if len(ys) < 8:
                continue
            c = np.stack([xs, ys], 1)
            q = np.concatenate(
                [q, kmeans_points(c, need, rng, 3) if rng.random() < 0.6 else c[rng.integers(0, len(c), need)]]
            )
        if len(q) and rng.random() < 0.3:
            q = q + rng.normal(0, 3, q.shape)
    return p + 0.5, q + 0.5


class Clicks(torch.utils.data.Dataset):
    def __init__(self, size=256, K=3, length=10**6, seed=0, split="train", paste=0.5, camvid=0.2):
        items, val = load_all()
        self.items = items if split == "train" else val
        self.S, self.K, self.n, self.seed, self.paste = size, K, length, seed, paste
        self.bs = [i for i, t in enumerate(self.items) if t["kind"] == "bsds"]
        self.cv = [i for i, t in enumerate(self.items) if t["kind"] == "camvid"]
        self.pc = camvid if self.cv else 0
        pc = os.path.join(CACHE, "pool.pkl")
        if split != "train":
            self.pool = []
            self.paste = 0
        else:
            self.pool = cached(pc, lambda: paste_pool(self.items, np.random.default_rng(1)))

    def __len__(self):
        return self.n

    unions = 0.35  # share of the regions of BSDS500 that take neighbours along

    def pick_regions(self, it, an, rng):
        s = objectness(it, an)
        if s.sum() <= 0:
            return None
        r = rng.choice(len(s), p=s / s.sum())
        sel = [r]
        if rng.random() < (self.unions if it["kind"] == "bsds" else 0.15):
            for _ in range(int(rng.integers(1, 4))):  # union with adjacent regions
                nb = an["adj"][sel].sum(0).astype(float)
                nb[sel] = 0
                if it["kind"] == "camvid":
                    nb[0] = 0
                nb[an["area"] > 0.3 * an["lab"].size] = 0
                if nb.sum() <= 0:
                    break
                sel.append(rng.choice(len(nb), p=nb / nb.sum()))
        return sel

    def __getitem__(self, idx):
        rng = np.random.default_rng((self.seed, idx))
        while True:
            out = self.make(rng)
            if out is not None:
                return out

    def make(self, rng):
        S, K = self.S, self.K
        it = self.items[rng.choice(self.cv) if rng.random() < self.pc else rng.choice(self.bs)]
        an = it["anns"][rng.integers(len(it["anns"]))]
        sel = self.pick_regions(it, an, rng)
        if sel is None:
            return None
        H, W = an["lab"].shape
        # --- crop window around the chosen region so that it covers a random fraction of the crop
        area = an["area"][sel].sum()
        f = math.exp(rng.uniform(math.log(0.008), math.log(0.45)))
        c = float(np.clip(math.sqrt(area / f), self.S * 0.5, 1.4 * min(H, W)))
        bb = an["bb"][sel]
        x0, y0, x1, y1 = bb[:, 0].min(), bb[:, 1].min(), bb[:, 2].max(), bb[:, 3].max()
        cx, cy = rng.uniform(x0, x1), rng.uniform(y0, y1)
        g = rng.uniform(-0.35, 0.35, 2) * c
        cx, cy = cx + g[0], cy + g[1]
        if c < W:
            cx = np.clip(cx, c / 2, W - c / 2)
        else:
            cx = W / 2
        if c < H:
            cy = np.clip(cy, c / 2, H - c / 2)
        else:
            cy = H / 2
        k = S / c
        ang = math.radians(rng.normal(0, 8)) if rng.random() < 0.5 else 0.0
        asp = math.exp(rng.uniform(-0.2, 0.2))
        fl = -1 if rng.random() < 0.5 else 1
        A = np.array([[math.cos(ang), -math.sin(ang)], [math.sin(ang), math.cos(ang)]]) @ np.diag(
            [fl * k * math.sqrt(asp), k / math.sqrt(asp)]
        )
        t = np.array([S / 2, S / 2]) - A @ np.array([cx, cy])
        M = np.concatenate([A, t[:, None]], 1)
        im = cv2.warpAffine(
            it["im"],
            M,
            (S, S),
            flags=cv2.INTER_AREA if k < 0.6 else cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        lab = cv2.warpAffine(an["lab"], M, (S, S), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
        im = colour_jitter(im, rng)
        masks = [np.isin(lab, sel)]
        prio = [2.0]
        for _ in range(K):  # further regions in the same crop
            s2 = self.pick_regions(it, an, rng)
            if s2 is not None:
                masks.append(np.isin(lab, s2))
                prio.append(1.0)
        # --- copy-paste
        np_ = 0
        if self.pool and rng.random() < self.paste:
            np_ = int(rng.integers(1, 4))
            pasted = []
            for _ in range(np_):
                pi, (bx0, by0, bx1, by1), pm = self.pool[rng.integers(len(self.pool))]
                src = self.items[pi]["im"]
                fr = math.exp(rng.uniform(math.log(0.006), math.log(0.25)))
                kk = math.sqrt(fr * S * S / max(pm.sum(), 1))
                kk = min(kk, 3.5)
                an_ = math.radians(rng.normal(0, 15))
                fl = -1 if rng.random() < 0.5 else 1
                asp = math.exp(rng.uniform(-0.15, 0.15))
                A = np.array([[math.cos(an_), -math.sin(an_)], [math.sin(an_), math.cos(an_)]]) @ np.diag(
                    [fl * kk * asp, kk / asp]
                )
                t = rng.uniform(0.05, 0.95, 2) * S - A @ np.array([(bx0 + bx1) / 2, (by0 + by1) / 2])
                M = np.concatenate([A, t[:, None]], 1)
                Mm = M.copy()
                Mm[:, 2] += A @ np.array([bx0, by0])
                al = cv2.warpAffine(pm * 255, Mm, (S, S), flags=cv2.INTER_LINEAR)
                if kk > 1.5:
                    al = cv2.GaussianBlur(al, (0, 0), kk * 0.6)
                pim = cv2.warpAffine(src, M, (S, S), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
                pim = colour_jitter(pim, rng, 0.8)
                m = al > 127
                # erode a little: annotated borders are 1-2 px off, and a halo of the old background is a give-away
                a2 = (
                    cv2.GaussianBlur(cv2.erode(al, np.ones((3, 3), np.uint8)), (0, 0), rng.uniform(0.4, 1.2)).astype(
                        np.float32
                    )[..., None]
                    / 255
                )
                m = a2[..., 0] > 0.5
                im = im * (1 - a2) + pim * a2
                masks = [q & ~m for q in masks]
                pasted = [q & ~m for q in pasted]
                pasted.append(m)
            if len(pasted) >= 2 and rng.random() < 0.5:
                pasted.append(pasted[-1] | pasted[-2])  # union, e.g. rider + bike
            masks += pasted
            prio += [1.6] * len(pasted)
        areas = np.array([m.mean() for m in masks])
        ok = [i for i in range(len(masks)) if 0.003 < areas[i] < 0.65]
        # no duplicates
        uniq = []
        for i in ok:
            if all(abs(areas[i] - areas[j]) > 0.002 or (masks[i] != masks[j]).mean() > 0.004 for j in uniq):
                uniq.append(i)
        if not uniq:
            return None
        w = np.array([prio[i] for i in uniq])
        ch = rng.choice(len(uniq), min(K, len(uniq)), replace=False, p=w / w.sum())
        ch = [uniq[i] for i in ch]
        while len(ch) < K:
            ch.append(ch[int(rng.integers(len(ch)))])
        im = np.clip(blur(im, rng), 0, 255).astype(np.uint8)
        if rng.random() < 0.04:
            im = np.repeat(im.mean(2, keepdims=True).astype(np.uint8), 3, 2)
        gt = np.zeros((K, S // 4, S // 4), np.float32)
        pts = np.full((K, NP + NN, 3), -1, np.float32)
        pts[..., :2] = 0
        for j, i in enumerate(ch):
            m = masks[i]
            gt[j] = cv2.resize(m.astype(np.float32), (S // 4, S // 4), interpolation=cv2.INTER_AREA)
            p, q = simulate(m, rng)
            pts[j, : len(p), :2] = p
            pts[j, : len(p), 2] = 1
            pts[j, NP : NP + len(q), :2] = q
            pts[j, NP : NP + len(q), 2] = 0
        return torch.from_numpy(im), torch.from_numpy(gt), torch.from_numpy(pts)


if __name__ == "__main__":
    import time

    d = Clicks(256, 3)
    print(len(d.items), len(d.bs), len(d.cv), "pool", len(d.pool))
    t = time.time()
    rows = []
    for i in range(24):
        im, gt, p = d[i]
        if i < 12:
            row = [im.numpy().copy()]
            for j in range(3):
                v = im.numpy().copy()
                m = cv2.resize(gt[j].numpy(), (256, 256)) > 0.5
                v[m] = v[m] // 2 + np.array([127, 0, 0], np.uint8)
                for x, y, l in p[j].numpy():
                    if l >= 0:
                        cv2.circle(v, (int(x), int(y)), 3, (0, 255, 0) if l else (0, 0, 255), -1)
                row.append(v)
            rows.append(np.concatenate(row, 1))
    print("s/img", (time.time() - t) / 24)
    cv2.imwrite(
        os.path.join(CACHE, "data.jpg"),
        np.concatenate([np.concatenate(rows[:6]), np.concatenate(rows[6:])], 1)[..., ::-1],
    )
