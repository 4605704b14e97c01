"""heldout.py CKPT [CKPT ...] [--n N]: held-out scores (40 BSDS test images that are never trained on), float32 PyTorch, one thread.
ordinary: Clicks(split='val') at 320 px, pass 1 (positives), 2 (+ negatives), 3; drift: 10-35 % of the positives off;
error points: pass 2 with 1-3 points at pass 1's errors instead of the ring negatives.
pairs: two views of a held-out scene with pasted held-out objects; the reference points lie in the other view."""

import argparse
import numpy as np
import torch
from torch.nn import functional as F
from export import load
from model import MEAN, STD
from data import Clicks, NP, NN
from scenes import Scenes, points, ref_points

torch.set_num_threads(1)


def hard_iou(lo, gt):
    """at the crop's own resolution"""
    a = F.interpolate(lo, size=gt.shape[-2:], mode="bilinear", align_corners=False)[:, 0] > 0
    return ((a & gt).flatten(1).sum(1).float() / ((a | gt).flatten(1).sum(1).float() + 1e-6)).numpy()


def pack(pq):
    t = np.full((len(pq), NP + NN, 3), -1, np.float32)
    t[..., :2] = 0
    for i, (p, q) in enumerate(pq):
        t[i, : len(p), :2] = p
        t[i, : len(p), 2] = 1
        t[i, NP : NP + len(q), :2] = q
        t[i, NP : NP + len(q), 2] = 0
    return torch.from_numpy(t)


def cases(n, S=320, seed=51, npair=None):
    """ordinary and drift: (image, masks, points, drifted points); pairs: (A, B, masks of B, {mode: points}, reference points)"""
    from data import simulate

    d = Clicks(S, 3, split="val", camvid=0)
    one, two = [], []
    sc = Scenes("val", paste=0.0, camvid=0.0)
    for i in range(n):
        rng = np.random.default_rng((seed, i))
        while True:
            v = sc.view(rng, sc.scene(rng, 3), S, S)
            ch = sc.targets(rng, v, 3)
            if ch:
                break
        m = [v["masks"][c] for c in ch]
        one.append((v["im"], m, pack([simulate(x, rng) for x in m]), pack([points(x, rng, False, 1) for x in m])))
    sc = Scenes("val", paste=1.0, camvid=0.0)
    for i in range(n if npair is None else npair):
        rng = np.random.default_rng((seed + 1, i))
        while True:
            s = sc.scene(rng, 3)
            a, b = sc.view(rng, s, S, S, False, True), sc.view(rng, s, S, S, True, True)
            ch = sc.targets(rng, b, 3)
            if ch is None:
                continue
            ch = [c for c in dict.fromkeys(ch) if c in a["masks"] and a["masks"][c].mean() > 0.0025]
            if ch:
                break
        m = [b["masks"][c] for c in ch]
        two.append(
            (
                a["im"],
                b["im"],
                m,
                {k: pack([points(x, rng, True, k) for x in m]) for k in (0, 1, 2, 3)},
                pack([ref_points(a["masks"][c], rng) for c in ch]),
            )
        )
    return one, two


def norm(im):
    return (torch.from_numpy(im.copy()).permute(2, 0, 1)[None].float() - MEAN) / STD


@torch.no_grad()
def score(ck, one, two):
    from train import error_points

    torch.manual_seed(3)
    net = load(ck)
    R = {}

    def add(k, v):
        R.setdefault(k, []).extend(v.tolist())

    for im, m, pts, dr in one:
        f = net.enc(norm(im))
        K = len(m)
        gt = torch.from_numpy(np.stack(m))
        g4 = F.avg_pool2d(gt[:, None].float(), 4)
        z = torch.zeros(K, 1, *f[0].shape[2:])
        h = torch.ones(K)
        for name, p in (("ordinary", pts), ("drift", dr)):
            po = p.clone()
            po[:, NP:, 2] = -1
            lo, io = net.dec(*f, po, z, h * 0)
            v = hard_iou(lo, gt)
            add(name + " 1", v)
            if name == "ordinary":
                add("IoU-head error", np.abs(io.numpy() - v))
                e = error_points(lo, g4, 3)
                l2, _ = net.dec(*f, torch.cat([po[:, :NP], e], 1), lo, h)
                add("error points 2", hard_iou(l2, gt))
            lo, _ = net.dec(*f, p, lo, h)
            add(name + " 2", hard_iou(lo, gt))
            if name == "ordinary":
                lo, _ = net.dec(*f, p, lo, h)
                add(name + " 3", hard_iou(lo, gt))
    for ia, ib, m, pp, rp in two:
        fa, f = net.enc(norm(ia)), net.enc(norm(ib))
        K = len(m)
        gt = torch.from_numpy(np.stack(m))
        z = torch.zeros(K, 1, *f[0].shape[2:])
        h = torch.zeros(K)
        from model import embed

        ref = torch.cat([embed(fa[3], rp), rp[..., 2:]], 2)
        for k, name in enumerate(("usual", "drift", "few right", "none right")):
            add(f"pair {name}, no ref", hard_iou(net.dec(*f, pp[k], z, h)[0], gt))
            add(f"pair {name}, ref", hard_iou(net.dec(*f, pp[k], z, h, ref)[0], gt))
    return R


if __name__ == "__main__":
    a = argparse.ArgumentParser()
    a.add_argument("ck", nargs="+")
    a.add_argument("--n", type=int, default=40)
    a.add_argument("--pairs", type=int)
    a.add_argument("--seed", type=int, default=51)
    a.add_argument("--save")
    a = a.parse_args()
    one, two = cases(a.n, seed=a.seed, npair=a.pairs)
    for c in a.ck:
        r = score(c, one, two)
        print(c)
        if a.save:
            np.savez(a.save, **{k: np.array(v) for k, v in r.items()})
        for k, v in r.items():
            print(f"  {k:28s} {np.mean(v):.4f}  ({len(v)})", flush=True)
