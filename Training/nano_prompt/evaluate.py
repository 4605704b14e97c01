"""evaluate.py oracle CKPT [--longest 640] | grabcut | video CKPT [...]      (DAVIS-2016 val; never used for training)

oracle : every 10th frame, 16 K-medoids positives + 1..8 negatives from the ground truth; mean IoU per pass.
grabcut: the same frames and points with cv2.grabCut.
video  : end to end: points of frame 1's ground truth tracked by pyramidal Lucas-Kanade."""

import argparse
import glob
import json
import os
import time
import numpy as np
import cv2

cv2.setNumThreads(1)
ROOT = os.environ.get("DAVIS", "davis2016")
SEQS = sorted(os.listdir(ROOT + "/JPEGImages/480p")) if os.path.isdir(ROOT + "/JPEGImages/480p") else []


def frames(s):
    fs = sorted(glob.glob(f"{ROOT}/JPEGImages/480p/{s}/*.jpg"))
    return fs, [f.replace("JPEGImages", "Annotations").replace(".jpg", ".png") for f in fs]


def gt_of(f):
    return cv2.imread(f, 0) > 127


def kmedoids(xy, n, rng, iters=8):
    """n spread pixels of xy: Lloyd on up to 1500 samples (farthest-point start), snapped to samples"""
    if len(xy) == 0:
        return np.zeros((0, 2), np.float32)
    if len(xy) > 1500:
        xy = xy[rng.choice(len(xy), 1500, replace=False)]
    xy = xy.astype(np.float32)
    n = min(n, len(xy))
    c = [xy[rng.integers(len(xy))]]
    d = ((xy - c[0]) ** 2).sum(1)
    for _ in range(n - 1):
        c.append(xy[d.argmax()])
        d = np.minimum(d, ((xy - c[-1]) ** 2).sum(1))
    c = np.array(c)
    for _ in range(iters):
        a = ((xy[:, None] - c[None]) ** 2).sum(2).argmin(1)
        c = np.array([xy[a == i].mean(0) if (a == i).any() else c[i] for i in range(n)])
    return xy[((xy[:, None] - c[None]) ** 2).sum(2).argmin(0)] + 0.5


def xy_of(m):
    ys, xs = np.nonzero(m)
    return np.stack([xs, ys], 1)


def ring(mask, grow, gap=7):
    m = mask.astype(np.uint8)
    r = max(gap + 6, int(grow * np.sqrt(m.sum())))
    f = max(1, r // 8)
    h, w = m.shape
    sm = cv2.resize(m, (w // f, h // f), interpolation=cv2.INTER_AREA)
    k = 2 * (r // f) + 1
    big = cv2.resize(cv2.dilate(sm, np.ones((k, k), np.uint8)), (w, h), interpolation=cv2.INTER_NEAREST)
    return (big > 0) & (cv2.dilate(m, np.ones((2 * gap + 1,) * 2, np.uint8)) == 0)


def positives(mask, n, rng):
    e = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8))
    return kmedoids(xy_of(e if e.sum() > 40 else mask), n, rng)


def negatives(mask, n, rng):
    r = ring(mask, 0.35)
    return kmedoids(xy_of(r if r.sum() > 50 else ~mask), n, rng)


def iou(a, b):
    u = (a | b).sum()
    return 1.0 if u == 0 else (a & b).sum() / u


def boundary(m):
    m = m.astype(np.uint8)
    e = np.zeros_like(m)
    e[:-1] |= m[:-1] ^ m[1:]
    e[:, :-1] |= m[:, :-1] ^ m[:, 1:]
    return e


def fscore(p, g, tol=8):
    k = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * tol + 1,) * 2)
    bp, bg = boundary(p), boundary(g)
    if bp.sum() == 0 or bg.sum() == 0:
        return float(bp.sum() == bg.sum())
    pr = (bp & cv2.dilate(bg, k)).sum() / bp.sum()
    rc = (bg & cv2.dilate(bp, k)).sum() / bg.sum()
    return 0.0 if pr + rc == 0 else 2 * pr * rc / (pr + rc)


def oracle_cases():
    for si, s in enumerate(SEQS):
        fs, gs = frames(s)
        for i in range(0, len(fs), 10):
            g = gt_of(gs[i])
            if g.sum() < 50:
                continue
            rng = np.random.default_rng((7, si, i))
            yield s, fs[i], g, positives(g, 16, rng), negatives(g, int(rng.integers(1, 9)), rng)


def oracle(a):
    from seg import Segmenter

    S = Segmenter(a.ckpt, longest=a.longest, precision=a.precision)
    res, pe = {}, []
    for s, f, g, p, q in oracle_cases():
        S.encode(cv2.imread(f))
        o = S.segment(p, q, 3)
        v = [iou(S.full(l) > 0, g) for l, _ in o]
        pe.append(abs(o[-1][1] - v[-1]))
        res.setdefault(s, []).append(v)
    al = np.array([v for r in res.values() for v in r])
    for s, r in res.items():
        print(f"  {s:22s}", " ".join(f"{x:.3f}" for x in np.mean(r, 0)))
    sq = np.mean([np.mean(r, 0) for r in res.values()], 0)
    print(
        f"oracle {a.ckpt} longest {a.longest} {a.precision}: frames {len(al)} mean IoU pass1..4",
        al.mean(0).round(4),
        "mean over sequences",
        sq.round(4),
        "IoU-head error",
        round(float(np.mean(pe)), 4),
    )


def grabcut_mask(im, p, q):
    """points as hard seeds (radius 4), probable foreground in the points' bounding box, probable background in
    that box dilated by 30 % of its size, sure background outside"""
    h, w = im.shape[:2]
    m = np.full((h, w), cv2.GC_BGD, np.uint8)
    x0, y0 = p.min(0)
    x1, y1 = p.max(0)
    dx, dy = max(15, 0.3 * (x1 - x0)), max(15, 0.3 * (y1 - y0))
    b = lambda v, hi: int(np.clip(v, 0, hi))
    m[b(y0 - dy, h) : b(y1 + dy, h), b(x0 - dx, w) : b(x1 + dx, w)] = cv2.GC_PR_BGD
    m[b(y0 - dy / 3, h) : b(y1 + dy / 3, h), b(x0 - dx / 3, w) : b(x1 + dx / 3, w)] = cv2.GC_PR_FGD
    for x, y in p:
        cv2.circle(m, (int(x), int(y)), 4, cv2.GC_FGD, -1)
    for x, y in q:
        cv2.circle(m, (int(x), int(y)), 4, cv2.GC_BGD, -1)
    try:
        cv2.grabCut(im, m, None, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    except cv2.error:
        pass
    return (m == cv2.GC_FGD) | (m == cv2.GC_PR_FGD)


def grabcut(a):
    res = {}
    t = time.process_time()
    n = 0
    for s, f, g, p, q in oracle_cases():
        im = cv2.imread(f)
        res.setdefault(s, []).append(iou(grabcut_mask(im, p, q), g))
        n += 1
    t = (time.process_time() - t) / n
    for s, r in res.items():
        print(f"  {s:22s} {np.mean(r):.3f}", flush=True)
    print(
        f"grabCut mean IoU {np.mean([v for r in res.values() for v in r]):.4f} over sequences {np.mean([np.mean(r) for r in res.values()]):.4f}, {t:.2f} CPU-s a frame"
    )


LK = dict(winSize=(21, 21), maxLevel=4, criteria=(3, 30, 0.01))


def track(g0, g1, pts):
    """forward-backward Lucas-Kanade; returns new points and which are still good"""
    if len(pts) == 0:
        return pts, np.zeros(0, bool)
    p0 = (pts - 0.5).astype(np.float32)[:, None]
    p1, st, _ = cv2.calcOpticalFlowPyrLK(g0, g1, p0, None, **LK)
    pb, sb, _ = cv2.calcOpticalFlowPyrLK(g1, g0, p1, None, **LK)
    d = np.abs(pb - p0).max((1, 2))
    p1 = p1[:, 0]
    h, w = g0.shape
    ok = (
        (st[:, 0] > 0)
        & (sb[:, 0] > 0)
        & (d < 1.5)
        & (p1[:, 0] >= 0)
        & (p1[:, 1] >= 0)
        & (p1[:, 0] < w)
        & (p1[:, 1] < h)
    )
    return p1 + 0.5, ok


def warp_prev(S, logits, a0, a1):
    """move the previous frame's logits by the similarity transform of the tracked positives (stride-4 grid)"""
    k = np.array([S.rw / S.w, S.rh / S.h]) / 4
    M = None
    if len(a0) >= 3:
        M, _ = cv2.estimateAffinePartial2D(
            (a0 * k).astype(np.float32), (a1 * k).astype(np.float32), ransacReprojThreshold=1.5
        )
    if M is None:
        t = np.median((a1 - a0) * k, 0) if len(a0) else np.zeros(2)
        M = np.array([[1, 0, t[0]], [0, 1, t[1]]])
    o = cv2.warpAffine(
        logits[0, 0], M.astype(np.float64), logits.shape[:1:-1], borderMode=cv2.BORDER_CONSTANT, borderValue=-6
    )
    return o[None, None]


def run_video(S, s, a):
    fs, gs = frames(s)
    rng = np.random.default_rng((11, SEQS.index(s)))
    g0 = gt_of(gs[0])
    pos, neg = positives(g0, a.npos, rng), negatives(g0, a.nneg, rng)
    prev_gray = cv2.cvtColor(cv2.imread(fs[0]), cv2.COLOR_BGR2GRAY)
    area0 = last_area = float(g0.sum())
    last = g0
    logits = None
    J, Fm = [], []
    since = 0
    if S is not None and a.prev:
        S.encode(cv2.imread(fs[0]))
        m = cv2.resize(g0.astype(np.float32), (S.rw, S.rh), interpolation=cv2.INTER_AREA)
        m = np.pad(m, ((0, S.H - S.rh), (0, S.W - S.rw)))
        logits = (cv2.resize(m, (S.W // 4, S.H // 4), interpolation=cv2.INTER_AREA) * 12 - 6)[None, None]
    for i in range(1, len(fs)):
        im = cv2.imread(fs[i])
        gray = cv2.cvtColor(im, cv2.COLOR_BGR2GRAY)
        p1, ok = track(prev_gray, gray, pos)
        q1, qk = track(prev_gray, gray, neg)
        a0, a1 = pos[ok], p1[ok]
        if ok.sum() == 0:  # nothing tracked: keep the old points where they were
            a1 = pos
            a0 = pos
        pos, neg = a1, q1[qk]
        if a.method == "grabcut":
            pred = grabcut_mask(im, pos, neg)
        else:
            S.encode(im)
            start = warp_prev(S, logits, a0, a1) if a.prev and logits is not None else None
            o = S.segment(pos, neg, a.refine, start)
            logits = o[-1][0]
            full = S.full(logits)
            pred = full > 0
            if a.prune:  # drop tracked points that the mask contradicts
                at = lambda q: (
                    full[np.clip(q[:, 1], 0, S.h - 1).astype(int), np.clip(q[:, 0], 0, S.w - 1).astype(int)]
                    if len(q)
                    else np.zeros(0)
                )
                kp = at(pos) > -0.5
                if kp.sum() >= 4:
                    pos = pos[kp]
                neg = neg[at(neg) < 0.5]
        since += 1
        ar = float(pred.sum())
        plausible = ar > 60 and 0.4 * last_area < ar < 2.5 * last_area and 0.1 * area0 < ar < 10 * area0
        if plausible:
            last_area = 0.7 * last_area + 0.3 * ar
        if (since >= a.horizon or len(pos) < a.minpos) and plausible:
            pos, neg = positives(pred, a.npos, rng), negatives(pred, a.nneg, rng)
            since = 0
        prev_gray = gray
        g = gt_of(gs[i])
        J.append(iou(pred, g))
        Fm.append(fscore(pred, g))
        if a.save:
            os.makedirs(f"{a.save}/{s}", exist_ok=True)
            cv2.imwrite(f"{a.save}/{s}/{i:05d}.png", pred.astype(np.uint8) * 255)
    return float(np.mean(J)), float(np.mean(Fm)), len(J)


def video(a):
    S = None
    if a.method != "grabcut":
        from seg import Segmenter

        S = Segmenter(a.ckpt, longest=a.longest, precision=a.precision)
    R = {}
    t = time.process_time()
    n = 0
    for s in (a.seqs.split(",") if a.seqs else SEQS):
        if cv2.imread(frames(s)[0][0]).shape[:2] != (480, 854) and S is not None:
            h, w = cv2.imread(frames(s)[0][0]).shape[:2]
            from seg import Segmenter

            R[s] = run_video(Segmenter(a.ckpt, h, w, a.longest, a.precision), s, a)
        else:
            R[s] = run_video(S, s, a)
        n += R[s][2]
        print(f"  {s:22s} J {R[s][0]:.3f} F {R[s][1]:.3f}", flush=True)
    print(
        f"video {a.method} {a.ckpt} longest {a.longest} horizon {a.horizon} prev {a.prev} prune {a.prune} refine {a.refine} pts {a.npos}+{a.nneg}: J {np.mean([r[0] for r in R.values()]):.4f} F {np.mean([r[1] for r in R.values()]):.4f}  {(time.process_time()-t)/n:.3f} CPU-s a frame"
    )


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("mode")
    p.add_argument("ckpt", nargs="?", default="")
    p.add_argument("--longest", type=int, default=640)
    p.add_argument("--precision", default="f32")
    p.add_argument("--horizon", type=int, default=8)
    p.add_argument("--prev", type=int, default=0)
    p.add_argument("--refine", type=int, default=3)
    p.add_argument("--prune", type=int, default=0)
    p.add_argument("--minpos", type=int, default=5)
    p.add_argument("--npos", type=int, default=16)
    p.add_argument("--nneg", type=int, default=8)
    p.add_argument("--method", default="nano")
    p.add_argument("--seqs", default="")
    p.add_argument("--save", default="")
    a = p.parse_args()
    dict(oracle=oracle, grabcut=grabcut, video=video)[a.mode](a)
