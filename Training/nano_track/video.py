"""End to end: tracker + segmenter.   video.py CKPT|lk [--data davis|synth] [switches]   -> J, F
davis: DAVIS-2016 val (evaluation only).  synth: held-out clips of clips.py with their object masks (for choosing switches).
Policy switches (all off = the first version's loop: visible points are the prompts; every --horizon frames, if the mask's
area is plausible, new points are sampled from the predicted mask; first-frame points stay for ever):
 --gate G     re-seed only when the segmenter's own IoU estimate is >= G and the mask holds most of the visible positives
 --robust 1   a visible positive is not used in a frame when it lies far from the others' motion, or when the first pass's mask rejects it
 --prev 1     the previous frame's logits, moved by the points' similarity transform, start the decoder when the points agree
 --ref 1      appearance memory: embeddings of the first frame's points (if the decoder has the input `ref`); 2: half of it from the last re-seeding
 --recover Q  nothing visible: a mask from the appearance memory alone, taken when its IoU estimate is >= Q and its area plausible
 --minpos M   also re-seed (after at least 2 frames) when fewer than M positives are visible
 --fallback 1 nothing visible: the positives with the highest visibility * certainty are used instead of an empty mask
 --keep2 1    re-seeded points live for two periods; the prompts are topped up, first-frame points first
"""

import argparse
import inspect
import os
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import cv2
import torch
import model as M
from evaluate import NE, REP, FrameEncoder, Learned, LK, load_tracker

NREF = 24


class Decoder:
    """the segmenter's decoder in OpenVINO on the features of a FrameEncoder"""

    def __init__(self, fe, precision="f32", threads=2):
        import openvino as ov
        net = M.nano_model.Nano().fuse()
        sd = M.nano_model.load_weights(os.environ.get("NANO_WEIGHTS", M.NANO_DIR + "/../../Sources/Segmenters/Resources/nano.safetensors"))
        if hasattr(M.nano_model, "widen"):
            sd = M.nano_model.widen(sd)
        net.load_state_dict(sd)
        dec = net.dec.eval()
        self.ref = "ref" in inspect.signature(dec.forward).parameters
        self.fe = fe
        H, W = fe.H, fe.W
        ins = [
            torch.zeros(1, 32, H // 4, W // 4),
            torch.zeros(1, 64, H // 8, W // 8),
            torch.zeros(1, 128, H // 16, W // 16),
            torch.zeros(1, 64, H // 8, W // 8),
            torch.zeros(1, 24, 3),
            torch.zeros(1, 1, H // 4, W // 4),
            torch.zeros(1),
        ] + ([torch.zeros(1, NREF, 65)] if self.ref else [])
        with tempfile.TemporaryDirectory() as d:
            torch.onnx.export(
                dec,
                tuple(ins),
                d + "/d.onnx",
                input_names=["p4", "p8", "p16", "e", "points", "prev", "has"] + (["ref"] if self.ref else []),
                output_names=["logits", "iou"],
                opset_version=17,
                dynamo=False,
            )
            self.net = ov.Core().compile_model(
                d + "/d.onnx", "CPU", {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads}
            )
        self.noref = np.full((1, NREF, 65), -1, np.float32)
        self.noref[..., :64] = 0

    def memory(self, f, pos, neg):
        """ref array from the embeddings of points (original pixels) in a frame's features f"""
        r = self.noref.copy()
        p = np.concatenate([pos, neg])[:NREF] * self.fe.k
        if len(p):
            e = torch.from_numpy(f[4])
            g = torch.from_numpy(p.astype(np.float32)) * torch.tensor([2.0 / self.fe.W, 2.0 / self.fe.H]) - 1
            q = torch.nn.functional.grid_sample(e, g[None, None], align_corners=False, padding_mode="zeros")[0, :, 0].T
            q = q / (q.square().sum(1, keepdim=True) + 1e-6).sqrt()
            r[0, : len(p), :64] = q.numpy()
            r[0, : len(p), 64] = np.r_[np.ones(len(pos)), np.zeros(len(neg))][:NREF]
        return r

    def decode(self, f, pos, neg, prev=None, ref=None):
        p = np.full((1, 24, 3), -1, np.float32)
        p[..., :2] = 0
        pos = np.asarray(pos)[:24]
        neg = np.asarray(neg)[: 24 - len(pos)]
        if len(pos):
            p[0, : len(pos), :2] = pos * self.fe.k
            p[0, : len(pos), 2] = 1
        if len(neg):
            p[0, len(pos) : len(pos) + len(neg), :2] = neg * self.fe.k
            p[0, len(pos) : len(pos) + len(neg), 2] = 0
        has = np.array([prev is not None], np.float32)
        prev = np.zeros((1, 1, self.fe.H // 4, self.fe.W // 4), np.float32) if prev is None else prev
        r = self.net(
            [f[1], f[2], f[3], f[4], p, prev, has] + ([self.noref if ref is None else ref] if self.ref else [])
        )
        return r[0].copy(), float(r[1][0])

    def full(self, logits):
        fe = self.fe
        up = cv2.resize(logits[0, 0], (fe.W, fe.H), interpolation=cv2.INTER_LINEAR)[: fe.rh, : fe.rw]
        return cv2.resize(up, (fe.w, fe.h), interpolation=cv2.INTER_LINEAR)


def similarity(p0, p1, thr):
    M2 = (
        cv2.estimateAffinePartial2D(p0.astype(np.float32), p1.astype(np.float32), ransacReprojThreshold=thr)[0]
        if len(p0) >= 3
        else None
    )
    if M2 is None:
        t = np.median(p1 - p0, 0) if len(p0) else np.zeros(2)
        M2 = np.array([[1, 0, t[0]], [0, 1, t[1]]])
    return M2


def at(full, p):
    h, w = full.shape
    c = np.clip(p.astype(int), 0, [w - 1, h - 1])
    return full[c[:, 1], c[:, 0]]


def run(frames, gts, t, fe, dec, a, rng):
    """frames, gts: functions i -> BGR, mask; returns J, F per frame"""
    im = frames(0)
    g0 = gts(0)
    n, h, w = a.n, *im.shape[:2]
    lk = isinstance(t, LK)
    t.frame(im)
    f0 = fe(im) if lk else t.raw
    pos, neg = NE.positives(g0, 16, rng), NE.negatives(g0, 8, rng)
    p0, n0 = pos, neg
    t.add(pos, np.ones(len(pos), int))
    t.add(neg, np.zeros(len(neg), int))
    seed = np.zeros(len(t.g), int)
    area0 = last = float(g0.sum())
    ref = dec.memory(f0, pos, neg[: NREF - len(pos)]) if a.ref and dec.ref else None
    J, Fm, since, logits, old = [], [], 0, None, t.xy.copy()
    diag0 = math_diag(g0)
    for i in range(1, n):
        im = frames(i)
        t.frame(im)
        f = fe(im) if lk else t.raw
        xy = t.xy
        pv = t.vis & (t.g == 1)
        nv = t.vis & (t.g == 0)
        score = t.vis.astype(float) if lk else t.pv
        size = diag0 * np.sqrt(max(last, 1) / area0)
        if pv.sum() == 0:
            if lk:
                pv = t.g == 1
            elif a.fallback:
                k = np.flatnonzero(t.g == 1)
                k = k[np.argsort(-score[k])[:3]]
                pv = np.zeros(len(t.g), bool)
                pv[k[score[k] > 0.05]] = True
        if a.robust and pv.sum() >= 5 and len(old) == len(xy):
            k = np.flatnonzero(pv)
            A = similarity(old[k], xy[k], 0.1 * size)
            r = np.linalg.norm(old[k] @ A[:, :2].T + A[:, 2] - xy[k], axis=1)
            bad = (r > 0.35 * size) & (
                score[k] < 0.9
            )  # a jump against the others' motion that appearance does not support
            if bad.mean() < 0.5:
                pv[k[bad]] = False
        pred = np.zeros((h, w), bool)
        full = None
        q = 0.0
        if a.recover and ref is not None and pv.sum() == 0:
            lg, q = dec.decode(f, [], xy[nv][:8], None, ref)
            m = dec.full(lg)
            if q >= a.recover and 0.3 * last < (m > 0).sum() < 3 * last:
                logits, full = lg, m
                pred = m > 0
        if pv.sum():
            k = np.flatnonzero(pv)
            if len(k) > 16:
                first = k[seed[k] == 0]
                rest = k[seed[k] > 0]
                rest = rest[np.argsort(-score[rest])]
                k = np.concatenate([first, rest])[:16] if a.keep2 else rng.choice(k, 16, replace=False)
            P, N = xy[k], xy[nv]
            N = N if len(N) <= 8 else N[rng.choice(len(N), 8, replace=False)] if a.keep2 else N[:8]
            start = None
            if a.prev and logits is not None and len(old) == len(xy) and len(k) >= 4:
                s = fe.k / 4
                A = similarity(old[k] * s, xy[k] * s, 1.5)
                start = cv2.warpAffine(
                    logits[0, 0],
                    A.astype(np.float64),
                    logits.shape[:1:-1],
                    borderMode=cv2.BORDER_CONSTANT,
                    borderValue=-6,
                )[None, None]
                if (at(dec.full(start), P) > 0).mean() < 0.7:
                    start = None
            lg, q = dec.decode(f, P, N if start is not None else [], start, ref)
            if a.robust and len(k) >= 5:
                v = at(dec.full(lg), P) > -1
                if 0.5 < v.mean() < 1:
                    P = P[v]  # prompts that the first mask rejects
            for _ in range(a.refine):
                lg, q = dec.decode(f, P, N, lg, ref)
            logits = lg
            full = dec.full(lg)
            pred = full > 0
        elif full is None:
            logits = None
        old = xy.copy()
        if a.prune and full is not None:
            v = at(full, xy)
            bad = (seed > 0) & t.vis & np.where(t.g == 1, v < -0.5, v > 0.5)
            t.keep(~bad)
            seed = seed[~bad]
            old = old[~bad]
        since += 1
        ar = float(pred.sum())
        ok = ar > 60 and 0.4 * last < ar < 2.5 * last and 0.1 * area0 < ar < 10 * area0
        if ok:
            last = 0.7 * last + 0.3 * ar
        if a.gate and ok:
            pv2 = t.vis & (t.g == 1)
            hold = (at(full, t.xy[pv2]) > 0).mean() if pv2.any() else float(a.recover > 0)
            ok = q >= a.gate and hold > 0.6
        if a.horizon and ok and (since >= a.horizon or since >= 2 and (t.vis & (t.g == 1)).sum() < a.minpos):
            m = (seed == 0) | ((seed > i - 2 * a.horizon) & t.vis if a.keep2 else False)
            t.keep(m)
            seed = seed[m]
            old = old[m]
            pos, neg = NE.positives(pred, 16, rng), NE.negatives(pred, 8, rng)
            if a.ref == 2 and ref is not None:
                r2 = dec.memory(f, pos[::2], neg[::2])
                r1 = dec.memory(f0, p0[::2], n0[::2])
                ref = np.where(np.arange(NREF)[None, :, None] < NREF // 2, r1, np.roll(r2, NREF // 2, 1))
            t.add(pos, np.ones(len(pos), int))
            t.add(neg, np.zeros(len(neg), int))
            seed = np.concatenate([seed, np.full(len(pos) + len(neg), i)])
            old = np.concatenate([old, pos, neg])
            since = 0
        g = gts(i)
        J.append(NE.iou(pred, g))
        Fm.append(NE.fscore(pred, g))
    return np.array(J), np.array(Fm)


def math_diag(g):
    ys, xs = np.nonzero(g)
    return float(np.hypot(np.ptp(xs) + 1, np.ptp(ys) + 1)) if len(xs) else 50.0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("ckpt")
    p.add_argument("--data", default="davis")
    p.add_argument("--seqs", default="")
    p.add_argument("--longest", type=int, default=640)
    p.add_argument("--precision", default="f32")
    p.add_argument("--thr", type=float, default=0.5)
    p.add_argument("--horizon", type=int, default=8)
    p.add_argument("--refine", type=int, default=1)
    p.add_argument("--prune", type=int, default=0)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--gate", type=float, default=0)
    p.add_argument("--minpos", type=int, default=0)
    p.add_argument("--recover", type=float, default=0)
    [p.add_argument("--" + k, type=int, default=0) for k in ("robust", "prev", "ref", "fallback", "keep2")]
    p.add_argument("--clips", type=int, default=16)
    p.add_argument("--T", type=int, default=28)
    p.add_argument("--part", default="0/1", help="i/n: every n-th sequence from i")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    R = {}
    S = {}
    wall = time.time()
    nf = 0
    pi, pn = (int(v) for v in a.part.split("/"))
    net = None if a.ckpt == "lk" else load_tracker(os.path.abspath(a.ckpt))

    def tools(h, w, longest):
        if (h, w) not in S:
            fe = FrameEncoder(h, w, longest, a.precision, a.threads)
            S[h, w] = fe, Decoder(fe, a.precision, a.threads)
        return S[h, w]

    def cases():
        if a.data == "davis":
            for s in (REP if a.seqs == "rep" else a.seqs).split(",") if a.seqs else NE.SEQS[pi::pn]:
                fs, gs = NE.frames(s)
                h, w = cv2.imread(fs[0]).shape[:2]
                yield s, len(fs), lambda i: cv2.imread(fs[i]), lambda i: NE.gt_of(gs[i]), tools(
                    h, w, a.longest
                ), np.random.default_rng((11, NE.SEQS.index(s)))
        else:
            from clips import Scenes

            d = Scenes(384, 224, a.T, 32, split="val")
            for c in range(pi, a.clips, pn):
                for k in range(50):  # a clip whose object is seen in at least half of the frames
                    r = d.make(np.random.default_rng((888, c, k)))
                    ar = (
                        np.stack([(r["groups"] == g).sum((1, 2)) for g in range(1, int(r["groups"].max()) + 1)])
                        if r["groups"].max()
                        else np.zeros((0, a.T))
                    )
                    ok = np.flatnonzero((ar[:, 0] > 400) & ((ar > 150).mean(1) > 0.6)) if len(ar) else []
                    if len(ok):
                        break
                gid = 1 + int(ok[0])
                yield f"clip{c}", a.T, lambda i: r["frames"][i][..., ::-1].copy(), lambda i: r["groups"][
                    i
                ] == gid, tools(224, 384, 384), np.random.default_rng((12, c))

    for s, n, fr, gt, (fe, dec), rng in cases():
        t = LK() if net is None else Learned(net, fe, a.thr)
        a.n = n
        J, Fm = run(fr, gt, t, fe, dec, a, rng)
        R[s] = J.mean(), Fm.mean()
        nf += len(J)
        if a.data == "davis":
            print(f"  {s:22s} J {R[s][0]:.3f} F {R[s][1]:.3f}", flush=True)
    m = np.mean(list(R.values()), 0)
    print(
        f"video {a.data} {os.path.basename(a.ckpt)} thr {a.thr} horizon {a.horizon} refine {a.refine} prune {a.prune} gate {a.gate} robust {a.robust} prev {a.prev} ref {a.ref} fallback {a.fallback} keep2 {a.keep2} minpos {a.minpos} recover {a.recover}: J {m[0]:.4f} F {m[1]:.4f} over {len(R)} sequences, {(time.time() - wall) / nf:.3f} s wall a frame",
        flush=True,
    )


if __name__ == "__main__":
    main()
