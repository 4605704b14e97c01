"""Training scenes in pairs of views: the same objects (a region of the picture and pasted objects) seen twice with another
crop, scale, rotation, colour, blur, deformation, arrangement and sometimes another background.  Points for the query view
(with tracker-like drift) and reference points in the other view.  gen.py writes batches of this to disk.

Points are in pixels of the view, pixel centres at +0.5."""

import math
import os
import numpy as np
import cv2
from data import paste_pool, colour_jitter, blur, kmeans_points, simulate, Clicks, CACHE, NP, NN

cv2.setNumThreads(1)


def waves(rng, amp, size):
    lam = rng.uniform(0.25, 0.9, 2) * size
    th = rng.uniform(0, math.pi, 2)
    return dict(
        k=np.stack([np.cos(th), np.sin(th)], 1) * 2 * math.pi / lam[:, None],
        a=rng.normal(0, 1, (2, 2)) * amp * size,
        ph=rng.uniform(0, 6.28, 2),
    )


def warp(im, M, W, H, wave, nearest=False, border=cv2.BORDER_REFLECT_101):
    """M: 2x3 source -> view; wave: displacement in view pixels (or None)"""
    fl = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    if wave is None:
        return cv2.warpAffine(im, M, (W, H), flags=fl, borderMode=border)
    key = (W, H)
    g = 8
    n, m = W // g + 3, H // g + 3
    c = np.stack(np.meshgrid((np.arange(n) - 1) * g + g / 2 - 0.5, (np.arange(m) - 1) * g + g / 2 - 0.5), -1)
    d = sum(np.sin(c @ wave["k"][j] + wave["ph"][j])[..., None] * wave["a"][j] for j in range(2))
    I = np.linalg.inv(np.vstack([M, [0, 0, 1]]))
    s = np.concatenate([c + d, np.ones((m, n, 1))], -1) @ I.T
    mp = cv2.resize(s[..., :2].astype(np.float32), (n * g, m * g), interpolation=cv2.INTER_LINEAR)[g : g + H, g : g + W]
    return cv2.remap(im, mp, None, fl, borderMode=border)


def ring_of(m8, frac, gap=2):
    """pixels just outside the mask, within about frac of its size"""
    size = max(6, math.sqrt(m8.sum()))
    r = int(np.clip(frac * size, 3, 80))
    f = max(1, r // 6)
    H, W = m8.shape
    sm = cv2.resize(m8, (W // f, H // f), interpolation=cv2.INTER_AREA) if f > 1 else m8
    big = cv2.dilate(sm, np.ones((2 * max(1, -(-r // f)) + 1,) * 2, np.uint8))
    if f > 1:
        big = cv2.resize(big, (W, H), interpolation=cv2.INTER_NEAREST)
    near = cv2.dilate(m8, np.ones((2 * gap + 1,) * 2, np.uint8)) if gap else m8
    return (big > 0) & (near == 0)


def pick(reg, n, rng):
    ys, xs = np.nonzero(reg)
    if len(ys) < 4 or n <= 0:
        return np.zeros((0, 2))
    j = rng.integers(0, len(ys), n)
    return np.stack([xs[j], ys[j]], 1).astype(float)


def wrong_points(m8, n, rng):
    """n points where a drifting tracker would be: just outside, moved together, or anywhere in the background"""
    u = rng.random()
    H, W = m8.shape
    if u < 0.5:
        p = pick(ring_of(m8, rng.uniform(0.04, 0.3), int(rng.integers(0, 3))), n, rng)
    elif u < 0.8:  # a group that moved together (stuck on the background)
        size = max(8.0, math.sqrt(m8.sum()))
        a = rng.uniform(0, 2 * math.pi)
        v = np.array([math.cos(a), math.sin(a)]) * size * rng.uniform(0.3, 1.4)
        p = pick(m8, n, rng) + v + rng.normal(0, 1, (n, 2)) if m8.sum() > 8 else np.zeros((0, 2))
    else:
        p = pick(m8 == 0, n, rng)
    return np.clip(p, 0, [W - 1, H - 1]) if len(p) else p


def points(mask, rng, hasref, mode=None):
    """query points of one target -> positives (n,2), negatives (m,2)"""
    m8 = mask.astype(np.uint8)
    p, q = simulate(mask, rng)
    u = rng.random()
    if mode is None:
        mode = (0 if u < 0.35 else 1 if u < 0.60 else 2 if u < 0.85 else 3) if hasref else (0 if u < 0.62 else 1)
    if mode == 1:  # 10 - 35 % of the points off
        if len(p) < 5:
            p = pick(m8, int(rng.integers(5, NP + 1)), rng) + 0.5
        bad = rng.random(len(p)) < rng.uniform(0.1, 0.35)
        if bad.any():
            w = wrong_points(m8, int(bad.sum()), rng)
            if len(w):
                p[np.flatnonzero(bad)[: len(w)]] = w + 0.5
    elif mode == 2:  # 1 - 3 right, several wrong
        a = pick(m8, int(rng.integers(1, 4)), rng)
        b = wrong_points(m8, int(rng.integers(0, 7)), rng)
        p = np.concatenate([a, b]) + 0.5
        if rng.random() < 0.4:
            q = q[:0]
    elif mode == 3:  # nothing right
        p = wrong_points(m8, int(rng.integers(0, 5)), rng) + 0.5 if rng.random() < 0.5 else p[:0]
        if rng.random() < 0.5:
            q = q[:0]
    if len(q) and rng.random() < 0.1:  # a negative that the object has moved over
        k = int(rng.integers(1, 3))
        w = pick(m8, k, rng) + 0.5
        q[: len(w)] = w[: len(q)]
    return p[:NP], q[:NN]


def ref_points(mask, rng):
    """points of the reference view: nearly clean"""
    m8 = mask.astype(np.uint8)
    e = cv2.erode(m8, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 4)), borderValue=0)
    if e.sum() < 30:
        e = m8
    n = int(rng.integers(1, 6)) if rng.random() < 0.2 else int(rng.integers(6, NP + 1))
    ys, xs = np.nonzero(e)
    c = np.stack([xs, ys], 1)
    p = kmeans_points(c, n, rng, 3).astype(float)
    if rng.random() < 0.3:
        p = p + rng.normal(0, rng.uniform(0.5, 3), p.shape)
    k = 0 if rng.random() < 0.15 else int(rng.integers(1, NN + 1))
    r = ring_of(m8, rng.uniform(0.1, 0.5))
    q = np.concatenate([pick(r, k - k // 4, rng), pick(m8 == 0, k // 4, rng)])
    return p + 0.5, q[:NN] + 0.5


class Scenes:
    """sample(rng, W, H, pair) -> list of one or two dicts(im, masks {id: bool}, prio {id: weight})"""

    stride = 4  # of the masks in a batch

    def __init__(self, split="train", paste=0.6, camvid=0.2, extra=0.35):
        c = Clicks(64, 1, split=split, camvid=camvid)
        self.c, self.items, self.paste = c, c.items, paste
        self.src = c.items  # held-out scenes paste only objects of held-out pictures
        pool = c.pool if split == "train" else paste_pool(c.items, np.random.default_rng(1))
        self.pool = pool[: int(0.9 * len(pool))] if split == "train" else pool
        self.extra, self.pe = [], 0.0
        f = os.environ.get("EXTRA", "")  # object pictures made by extra.py: their own share of the scenes
        if f and split == "train":
            import pickle

            items, pool = pickle.load(open(f, "rb"))
            n = len(self.src)
            self.extra, self.pe = items, extra
            self.src = self.src + items
            self.xpool = [(i + n, b, m) for i, b, m in pool]

    def base(self, rng):
        c = self.c
        while True:
            if self.pe and rng.random() < self.pe:
                it = self.extra[rng.integers(len(self.extra))]
            else:
                it = self.items[rng.choice(c.cv) if rng.random() < c.pc else rng.choice(c.bs)]
            an = it["anns"][rng.integers(len(it["anns"]))]
            sel = c.pick_regions(it, an, rng)
            if sel is not None:
                return it, an, sel

    def pastes(self, rng):
        out = []
        for _ in range(int(rng.integers(1, 4))):
            x = self.pe > 0 and rng.random() < self.pe
            out.append(
                dict(
                    x=x,
                    i=int(rng.integers(len(self.xpool if x else self.pool))),
                    fr=math.exp(rng.uniform(math.log(0.006), math.log(0.3))),
                    rot=rng.normal(0, 0.26),
                    fl=-1 if rng.random() < 0.5 else 1,
                    asp=math.exp(rng.uniform(-0.15, 0.15)),
                )
            )
        return out

    def prompts(self, mask, rng, hasref):
        """positives and negatives of a target of a batch"""
        return points(mask, rng, hasref)

    def scene(self, rng, K):
        it, an, sel = self.base(rng)
        sels = [sel]
        for _ in range(K):
            s = self.c.pick_regions(it, an, rng)
            if s is not None:
                sels.append(s)
        pastes = self.pastes(rng) if rng.random() < self.paste else []
        f = math.exp(rng.uniform(math.log(0.008), math.log(0.5)))
        return dict(
            it=it,
            an=an,
            sels=sels,
            pastes=pastes,
            union=len(pastes) >= 2 and rng.random() < 0.5,
            f=f,
            fl=-1 if rng.random() < 0.5 else 1,
            rot=math.radians(rng.normal(0, 8)) if rng.random() < 0.5 else 0.0,
        )

    def view(self, rng, sc, W, H, second=False, pair=False):
        it, an, sels = sc["it"], sc["an"], sc["sels"]
        S = math.sqrt(W * H)
        ids = True
        if second and sc["pastes"] and rng.random() < 0.3:  # another background: only the pasted objects stay
            it, an, s = self.base(rng)
            sels = [s]
            ids = False
        h, w = an["lab"].shape
        sel = sels[0]
        f, rot = sc["f"], sc["rot"]
        if second:
            f = float(np.clip(f * math.exp(rng.normal(0, 0.6)), 0.006, 0.6))
            rot += rng.normal(0, 0.2)
        c = float(np.clip(math.sqrt(an["area"][sel].sum() / f), S * 0.45, 1.4 * min(h, w)))
        bb = an["bb"][sel]
        x0, y0, x1, y1 = bb[:, 0].min(), bb[:, 1].min(), bb[:, 2].max(), bb[:, 3].max()
        g = rng.uniform(-0.35, 0.35, 2) * c
        cx, cy = rng.uniform(x0, x1) + g[0], rng.uniform(y0, y1) + g[1]
        hw, hh = c / 2 * W / S, c / 2 * H / S
        cx = np.clip(cx, hw, w - hw) if 2 * hw < w else w / 2
        cy = np.clip(cy, hh, h - hh) if 2 * hh < h else h / 2
        k = S / c
        asp = math.exp(rng.uniform(-0.2, 0.2))
        fl = sc["fl"] * (-1 if second and rng.random() < 0.1 else 1)
        A = np.array([[math.cos(rot), -math.sin(rot)], [math.sin(rot), math.cos(rot)]]) @ np.diag(
            [fl * k * math.sqrt(asp), k / math.sqrt(asp)]
        )
        M = np.concatenate([A, (np.array([W / 2, H / 2]) - A @ np.array([cx, cy]))[:, None]], 1)
        wv = waves(rng, rng.uniform(0.004, 0.02), S) if rng.random() < (0.3 if pair else 0.1) else None
        src = it["im"]
        if k < 0.6:
            src = cv2.GaussianBlur(src, (0, 0), 0.4 / k)
        im = warp(src, M, W, H, wv)
        lab = warp(an["lab"], M, W, H, wv, True)
        im = colour_jitter(im, rng, 0.8 if pair else 1.0)
        masks, prio = {}, {}
        lut = np.zeros(256, bool)
        for j, s in enumerate(sels):
            lut[:] = False
            lut[np.asarray(s, int)] = True
            i = ("r", j) if ids else ("x", j)
            masks[i] = lut[lab]
            prio[i] = 2.0 if j == 0 else 1.0
        pasted, placed = [], None
        for j, pa in enumerate(sc["pastes"]):
            pi, (bx0, by0, bx1, by1), pm = (self.xpool if pa["x"] else self.pool)[pa["i"]]
            s_ = self.src[pi]["im"]
            fr, ro = pa["fr"], pa["rot"]
            if second:
                fr *= math.exp(rng.normal(0, 0.6))
                ro += rng.normal(0, 0.25)
            kk = min(math.sqrt(fr * W * H / max(pm.sum(), 1)), 3.5)
            f2 = pa["fl"] * (-1 if second and rng.random() < 0.15 else 1)
            as2 = pa["asp"] * math.exp(rng.uniform(-0.1, 0.1))
            A = np.array([[math.cos(ro), -math.sin(ro)], [math.sin(ro), math.cos(ro)]]) @ np.diag(
                [f2 * kk * as2, kk / as2]
            )
            dst = rng.uniform(0.05, 0.95, 2) * [W, H]
            if "on" in pa and placed:  # touches the one before, as a rider does
                dst = placed[0] + np.array(pa["on"]) * placed[1]
            bw, bh = pm.shape[1], pm.shape[0]
            placed = (dst, np.abs(A) @ [bw / 2, bh / 2])
            co = (np.array([[0, 0], [bw, 0], [0, bh], [bw, bh]]) - [bw / 2, bh / 2]) @ A.T + dst
            a0 = np.clip(np.floor(co.min(0) - 6), 0, [W - 1, H - 1]).astype(int)
            a1 = np.clip(np.ceil(co.max(0) + 6), 1, [W, H]).astype(int)
            ww, wh = (a1 - a0).tolist()
            if ww < 8 or wh < 8:
                continue
            t = dst - a0 - A @ np.array([bw / 2, bh / 2])
            Mm = np.concatenate([A, t[:, None]], 1)  # from the mask's own corner
            Ms = Mm.copy()
            Ms[:, 2] -= A @ np.array([bx0, by0])  # from the source picture
            pw = (
                waves(rng, rng.uniform(0.01, 0.05), math.sqrt(ww * wh))
                if rng.random() < (0.45 if pair else 0.15)
                else None
            )
            if pw is None:
                al = cv2.warpAffine(pm * 255, Mm, (ww, wh), flags=cv2.INTER_LINEAR)
            else:
                pad = np.pad(pm, 2) * 255
                M2 = Mm.copy()
                M2[:, 2] -= A @ np.array([2, 2])
                al = warp(pad, M2, ww, wh, pw, border=cv2.BORDER_CONSTANT)  # mirrored outside it would be several objects
            if kk > 1.5:
                al = cv2.GaussianBlur(al, (0, 0), kk * 0.6)
            pim = colour_jitter(warp(s_, Ms, ww, wh, pw), rng, 0.7 if pair else 0.8)
            # eroded a little: annotated borders are 1-2 px off, and a halo of the old background is a give-away
            a2 = (
                cv2.GaussianBlur(cv2.erode(al, np.ones((3, 3), np.uint8)), (0, 0), rng.uniform(0.4, 1.2)).astype(
                    np.float32
                )[..., None]
                / 255
            )
            y, x = slice(a0[1], a1[1]), slice(a0[0], a1[0])
            im[y, x] = im[y, x] * (1 - a2) + pim * a2
            m = np.zeros((H, W), bool)
            m[y, x] = a2[..., 0] > 0.5
            for q in masks:
                masks[q] &= ~m
            masks[("p", j)] = m
            prio[("p", j)] = 1.6
            pasted.append(("p", j))
        if sc["union"] and len(pasted) >= 2:
            masks[("u",)] = masks[pasted[-1]] | masks[pasted[-2]]
            prio[("u",)] = 1.6
        im = np.clip(blur(im, rng), 0, 255).astype(np.uint8)
        if rng.random() < 0.04:
            im = np.repeat(im.mean(2, keepdims=True).astype(np.uint8), 3, 2)
        return dict(im=im, masks=masks, prio=prio)

    def targets(self, rng, v, K, prefer=None):
        area = {i: m.mean() for i, m in v["masks"].items()}
        uniq = []
        for i, a in area.items():
            if not 0.003 < a < 0.65:
                continue
            if all(abs(a - area[j]) > 0.002 or (v["masks"][i] != v["masks"][j]).mean() > 0.004 for j in uniq):
                uniq.append(i)
        if not uniq:
            return None
        w = np.array([v["prio"][i] * (3.0 if prefer and i in prefer else 1.0) for i in uniq])
        ch = [uniq[i] for i in rng.choice(len(uniq), min(K, len(uniq)), replace=False, p=w / w.sum())]
        while len(ch) < K:
            ch.append(ch[int(rng.integers(len(ch)))])
        return ch

    def two(self, rng, W, H, K, pair):
        """two images: a pair of views (each the other's reference) or two unrelated pictures"""
        while True:
            sc = self.scene(rng, K)
            if pair:
                vs = [self.view(rng, sc, W, H, False, True), self.view(rng, sc, W, H, True, True)]
            else:
                vs = [self.view(rng, sc, W, H), self.view(rng, self.scene(rng, K), W, H)]
            if rng.random() < 0.5:
                vs = vs[::-1]
            seen = [{i for i, m in v["masks"].items() if m.mean() > 0.0025} for v in vs]
            ch = [self.targets(rng, v, K, seen[1 - n] if pair else None) for n, v in enumerate(vs)]
            if None in ch:
                continue
            if pair and not any(i in seen[1 - n] for n in (0, 1) for i in ch[n]):
                continue
            break
        s = self.stride
        ims, gts = [], np.zeros((2, K, H // s, W // s), np.uint8)
        pts = np.zeros((2, K, NP + NN, 3), np.float32)
        pts[..., 2] = -1
        ref = pts.copy()
        seen_as = np.zeros((2, K, H // 8, W // 8), np.uint8)  # the target in the other view, where that is its reference
        for n in (0, 1):
            ims.append(vs[n]["im"])
            for j, i in enumerate(ch[n]):
                m = vs[n]["masks"][i]
                gts[n, j] = np.round(
                    cv2.resize(m.astype(np.float32), (W // s, H // s), interpolation=cv2.INTER_AREA) * 255
                )
                hr = pair and i in seen[1 - n] and i[0] != "x" and rng.random() < 0.93
                if hr:
                    rp, rq = ref_points(vs[1 - n]["masks"][i], rng)
                    ref[n, j, : len(rp), :2] = rp
                    ref[n, j, : len(rp), 2] = 1
                    ref[n, j, NP : NP + len(rq), :2] = rq
                    ref[n, j, NP : NP + len(rq), 2] = 0
                    other = vs[1 - n]["masks"][i].astype(np.float32)
                    seen_as[n, j] = np.round(cv2.resize(other, (W // 8, H // 8), interpolation=cv2.INTER_AREA) * 255)
                p, q = self.prompts(m, rng, hr)
                pts[n, j, : len(p), :2] = p
                pts[n, j, : len(p), 2] = 1
                pts[n, j, NP : NP + len(q), :2] = q
                pts[n, j, NP : NP + len(q), 2] = 0
        return np.stack(ims), gts, pts, ref, seen_as

    def batch(self, rng, W, H, B, K, pairs=0.58, stride=4):
        """pictures, masks at this stride, points, points of the other view, masks of the other view at stride 8"""
        self.stride = stride
        o = [self.two(rng, W, H, K, rng.random() < pairs) for _ in range(B // 2)]
        return [np.concatenate(v) for v in zip(*o)]


# (width, height, images per process, probability)
SHAPES = [(320, 320, 4, 0.56), (256, 256, 6, 0.10), (384, 384, 4, 0.12), (480, 288, 4, 0.22)]


def shape_of(step, seed=0):
    r = np.random.default_rng((99, seed, step))
    return SHAPES[r.choice(len(SHAPES), p=[s[3] for s in SHAPES])][:3]


if __name__ == "__main__":
    import time

    d = Scenes()
    rng = np.random.default_rng(3)
    t = time.process_time()
    rows = []
    nr = []
    for i in range(12):
        im, gt, p, r, _ = d.batch(rng, 320, 320, 2, 3, 1.0 if i < 8 else 0.5)
        nr.append((r[..., 2] > 0.5).any(-1).mean())
        if i < 6:
            row = []
            for n in (0, 1):
                row.append(im[n])
                for j in range(2):
                    v = im[n].copy()
                    m = cv2.resize(gt[n, j], (320, 320)) > 127
                    v[m] = v[m] // 2 + np.array([127, 0, 0], np.uint8)
                    for x, y, l in p[n, j]:
                        if l >= 0:
                            cv2.circle(v, (int(x), int(y)), 3, (0, 255, 0) if l else (0, 0, 255), -1)
                    o = im[1 - n].copy()
                    for x, y, l in r[n, j]:
                        if l >= 0:
                            cv2.circle(o, (int(x), int(y)), 3, (0, 255, 0) if l else (0, 0, 255), -1)
                    row += [v, cv2.resize(o, (160, 160))] if False else [v]
                row.append(o)
            rows.append(np.concatenate(row, 1))
    print("s/image", (time.process_time() - t) / 24, "ref share", np.mean(nr))
    cv2.imwrite(os.path.join(os.environ.get("TMP_OUT", "."), "scenes.png"), np.concatenate(rows)[..., ::-1])
