"""heldout_clicks.py CKPT [CKPT ...]: marking by clicks on pictures that are never trained on, float32, one pass per mask.

Three sets: held-out cut-outs on held-out photographs (free_scenes.py), objects of 40 test pictures of BSDS500 (regions of the highest "objectness" and their
unions), and whole things (salient.py).
Clicks: the centre of the largest circle inside the object; three such (each outside the circles before); 9 to 16 points as SAM-PT samples them.
A checkpoint of train_clicks.py is also asked for a ladder of extents: the candidate that it judges best ("chosen") and the one nearest to the truth ("best").
A checkpoint is the shipped nano.safetensors, a model that train_clicks.py made, or its state (last.pt, then the moving average)."""

import argparse

import cv2
import numpy as np
import torch

import salient
from data import NN, NP, kmeans_points, load_all, objectness
from free_scenes import FreeScenes, centre
from heldout import hard_iou, norm, pack
from model import Nano, extent_of, load_weights, widen

LADDER = [24.0, 40.0, 64.0, 100.0, 160.0, 256.0]  # sides in input pixels
NEAR = 0.6  # two candidates whose IoU is above this say the same


def load_any(path):
    """network and whether it knows extents"""
    if path.endswith(".safetensors"):
        sd = load_weights(path)
    else:
        sd = torch.load(path)
        if "ema" in sd:
            from train_clicks import WEIGHTS

            shipped = {k: v for k, v in load_weights(WEIGHTS).items() if k.startswith("enc.")}
            sd = {**({} if any(".bn." in k for k in sd["ema"]) else shipped), **{k: v for k, v in sd["ema"].items() if not k.startswith("follower.")}}
        else:
            sd = sd["net"]
    extents = any(k.startswith("fine.") for k in sd)  # the state of train_clicks.py
    net = Nano(extents=extents, fine=any(k.startswith("fine.") for k in sd))
    if any(".bn." in k for k in sd):  # of --fresh
        net.load_state_dict(sd)
        return net.fuse().eval(), extents
    net.fuse()
    net.load_state_dict(sd if extents else widen(sd))
    return net.eval(), extents


def circles(mask, n):
    left, p = mask.copy(), []
    for _ in range(n):
        c, r = centre(left)
        if r < 1:
            break
        p.append(c + 0.5)
        m = left.astype(np.uint8)
        cv2.circle(m, (int(c[0]), int(c[1])), max(1, int(r)), 0, -1)
        left = m > 0
    return np.array(p)


def many(mask, rng):
    ys, xs = np.nonzero(mask)
    return kmeans_points(np.stack([xs, ys], 1), int(rng.integers(9, NP + 1)), rng) + 0.5


def made(n, seed):
    sc, out = FreeScenes("val", sources=()), []
    i = 0
    while len(out) < n:
        rng = np.random.default_rng((seed, i))
        i += 1
        v = sc.view(rng, sc.scene(rng, 3), 480, 288)
        ids = [k for k, m in v["masks"].items() if k[0] in "pu" and 0.004 < m.mean() < 0.6]
        if ids:
            out.append((v["im"], [v["masks"][k] for k in ids][:3]))
    return out


def real(n, seed):
    _, val = load_all()
    out = []
    for i, it in enumerate(val[:n]):
        rng = np.random.default_rng((seed, i))
        k = 640 / max(it["im"].shape[:2])
        im = cv2.resize(it["im"], None, fx=k, fy=k, interpolation=cv2.INTER_LINEAR)
        h, w = (v // 32 * 32 for v in im.shape[:2])
        masks = []
        an = it["anns"][rng.integers(len(it["anns"]))]
        s = objectness(it, an)
        for r in np.argsort(-s)[:2]:
            m = cv2.resize((an["lab"] == r).astype(np.uint8), im.shape[1::-1], interpolation=cv2.INTER_NEAREST)[:h, :w] > 0
            if s[r] > 0 and 0.004 < m.mean() < 0.6:
                masks.append(m)
        near = np.flatnonzero(an["adj"][np.argmax(s)] > 20)
        near = [q for q in near if an["border"][q] == 0]
        if near:
            m = np.isin(an["lab"], [np.argmax(s), *near]).astype(np.uint8)
            m = cv2.resize(m, im.shape[1::-1], interpolation=cv2.INTER_NEAREST)[:h, :w] > 0
            if 0.004 < m.mean() < 0.6:
                masks.append(m)
        if masks:
            out.append((im[:h, :w], masks))
    return out


def things(n, seed):
    pictures, _ = salient.load("val")
    out = []
    for i in np.random.default_rng(seed).permutation(len(pictures))[:n]:
        im, lab = pictures[i]["im"], pictures[i]["anns"][0]["lab"]
        k = 640 / max(im.shape[:2])
        h, w = (int(v * k) // 32 * 32 for v in im.shape[:2])
        m = cv2.resize(lab, (w, h), interpolation=cv2.INTER_LINEAR) > 0
        out.append((cv2.resize(im, (w, h), interpolation=cv2.INTER_LINEAR), [m]))
    return out


def outline(lo, gt, within=2):
    """F of the outline: precision and recall of border pixels that lie within so many pixels of the other's"""
    a = torch.nn.functional.interpolate(lo, size=gt.shape[-2:], mode="bilinear", align_corners=False)[0, 0].numpy() > 0
    b = gt[0].numpy()
    k = np.ones((3, 3), np.uint8)
    ea, eb = ((m & (cv2.erode(m.astype(np.uint8), k) == 0)).astype(np.uint8) for m in (a, b))
    wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * within + 1,) * 2)
    p = (ea & cv2.dilate(eb, wide)).sum() / max(1, ea.sum())
    r = (eb & cv2.dilate(ea, wide)).sum() / max(1, eb.sum())
    return 2 * p * r / max(1e-9, p + r)


def iou(a, b):
    return (a & b).sum() / max(1, (a | b).sum())


def chosen(masks, scores):
    """the candidate with the highest score and most agreement among neighbours on the ladder"""
    agree = [np.mean([iou(m, o) > NEAR for o in masks]) for m in masks]
    return int(np.argmax(np.array(scores) + 0.1 * np.array(agree)))


@torch.no_grad()
def score(path, sets, seed):
    net, extents = load_any(path)
    out = {}
    for name, pictures in sets.items():
        for i, (im, masks) in enumerate(pictures):
            *f, c2, _ = net.enc.pyramid(norm(im))
            rng = np.random.default_rng((seed, 7, i))
            for m in masks:
                gt = torch.from_numpy(m)[None]
                z = torch.zeros(1, 1, *f[0].shape[2:])
                for kind, p in (("1 click", circles(m, 1)), ("3 clicks", circles(m, 3)), ("9 to 16", many(m, rng))):
                    t = pack([(p, np.zeros((0, 2)))])
                    lo, judged = net.dec(*f, t, z, torch.zeros(1))
                    v = hard_iou(lo, gt)[0]
                    out.setdefault(f"{name}, {kind}", []).append(v)
                    out.setdefault(f"{name}, {kind}, judge's error", []).append(abs(float(judged[0]) - v))
                    if kind == "9 to 16":
                        lo, _, b4 = net.dec.details(*f, t, lo, torch.ones(1))
                        out.setdefault(f"{name}, {kind}, pass 2", []).append(hard_iou(lo, gt)[0])
                        out.setdefault(f"{name}, {kind}, pass 2, outline", []).append(outline(lo, gt))
                        if hasattr(net, "fine"):
                            lo = net.fine(lo, b4, c2)
                            out.setdefault(f"{name}, {kind}, pass 2, finer", []).append(hard_iou(lo, gt)[0])
                            out.setdefault(f"{name}, {kind}, pass 2, finer, outline", []).append(outline(lo, gt))
                    elif extents:
                        los, sc = [lo], [float(judged[0])]
                        for side in LADDER:
                            e = torch.tensor([[float(extent_of(torch.tensor(side * side))), 1.0]])
                            l2, j2 = net.dec(*f, t, z, torch.zeros(1), extent=e)
                            los.append(l2)
                            sc.append(float(j2[0]))
                        v = [hard_iou(x, gt)[0] for x in los]
                        out.setdefault(f"{name}, {kind}, chosen", []).append(v[chosen([x[0, 0].numpy() > 0 for x in los], sc)])
                        out.setdefault(f"{name}, {kind}, best", []).append(max(v))
    return out


if __name__ == "__main__":
    a = argparse.ArgumentParser()
    a.add_argument("ck", nargs="+")
    a.add_argument("--n", type=int, default=40)
    a.add_argument("--seed", type=int, default=61)
    a.add_argument("--threads", type=int, default=1)
    a = a.parse_args()
    torch.set_num_threads(a.threads)
    sets = {"cut-outs": made(a.n, a.seed), "BSDS": real(a.n, a.seed), "things": things(2 * a.n, a.seed)}
    for c in a.ck:
        print(c)
        for k, v in score(c, sets, a.seed).items():
            print(f"  {k:40s} {np.mean(v):.4f} +- {np.std(v) / len(v) ** 0.5:.4f}  ({len(v)})", flush=True)
