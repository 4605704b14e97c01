"""evaluate.py synth CKPT|lk [--size 256 --T 16 --clips 40]   held-out synthetic clips
   evaluate.py davis CKPT|lk [--seqs a,b]                     points on DAVIS-2016 val, no re-seeding
   (end to end with the segmenter: video.py)
DAVIS is never trained on.  Paths: DAVIS_DIR, NANO_DIR, NANO_WEIGHTS, NANO_DATA_CACHE."""

import argparse
import importlib
import os
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import cv2
import torch
import model as M
from model import Tracker, load_encoder, encode, NANO_DIR

cv2.setNumThreads(1)


def import_nano(*names):
    """the segmenter's modules, whose names clash with ours"""
    mine = {k: sys.modules.pop(k, None) for k in ("model", "data", "train", "evaluate", "export", "seg")}
    sys.path.insert(0, NANO_DIR)
    try:
        out = [importlib.import_module(n) for n in names]
    finally:
        sys.path.pop(0)
        for k in mine:
            sys.modules.pop(k, None)
        sys.modules.update({k: v for k, v in mine.items() if v is not None})
    return out


(NE,) = import_nano("evaluate")
if "DAVIS_DIR" in os.environ:
    NE.ROOT = os.environ["DAVIS_DIR"]
    NE.SEQS = sorted(os.listdir(NE.ROOT + "/JPEGImages/480p"))
REP = "bmx-trees,dance-twirl,drift-chicane,libby,motocross-jump,parkour,car-roundabout,dog"


def load_tracker(ck):
    t = Tracker()
    if ck.endswith(".safetensors"):
        sd = M.nano_model.load_weights(ck)
    else:
        sd = torch.load(ck)["ema"]
    t.load_state_dict(sd)
    return t.eval()


class FrameEncoder:
    """resize + frozen encoder (OpenVINO) -> c4, p4, p8, p16, e; `k` maps original to network pixels"""

    def __init__(self, h, w, longest=640, precision="f32", threads=2):
        import openvino as ov

        self.h, self.w = h, w
        self.rh, self.rw, self.H, self.W = M.nano_model.input_size(h, w, longest)
        self.k = np.array([self.rw / w, self.rh / h], np.float32)
        enc = load_encoder()

        class E(torch.nn.Module):
            def __init__(s):
                super().__init__()
                s.enc = enc

            def forward(s, x):
                return encode(s.enc, x, full=True)

        f = tempfile.mkdtemp() + "/e.onnx"
        torch.onnx.export(
            E(),
            (torch.zeros(1, 3, self.H, self.W),),
            f,
            input_names=["image"],
            output_names=["c4", "p4", "p8", "p16", "e"],
            opset_version=17,
            dynamo=False,
        )
        self.net = ov.Core().compile_model(
            f, "CPU", {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads}
        )

    def __call__(self, bgr):
        im = cv2.resize(bgr, (self.rw, self.rh), interpolation=cv2.INTER_AREA)[..., ::-1]
        x = np.zeros((1, 3, self.H, self.W), np.float32)
        x[0, :, : self.rh, : self.rw] = ((im.astype(np.float32) - M.MEAN) / M.STD).transpose(2, 0, 1)
        r = self.net([x])
        return [r[i].copy() for i in range(5)]


class Learned:
    """NanoTrack on one video. add(points, groups) queries in the current frame; step(frame) moves every point."""

    def __init__(self, net, enc, thr=0.5):
        self.net, self.enc, self.thr = net, enc, thr
        self.st = None
        self.g = np.zeros(0, int)
        self.pv = np.zeros(0)
        self.wall = 0.0
        self.n = 0

    @torch.no_grad()
    def frame(self, bgr):
        f = self.enc(bgr)
        self.raw = f
        t = time.time()
        self.f4, self.f8 = self.net.head(*[torch.from_numpy(f[i]) for i in (0, 1, 2, 4)])
        if self.st is not None and len(self.g):
            a = torch.from_numpy((self.g[:, None] == self.g[None]).astype(np.float32))
            a = (a / a.sum(1, keepdim=True))[None]
            self.st, o = self.net.step(self.f4, self.f8, self.st, a)
            p = self.st["x"][0].numpy()
            self.pv = o["pv"][0].numpy().astype(float)
            self.vis = (
                (self.pv > self.thr) & (p[:, 0] > 0) & (p[:, 1] > 0) & (p[:, 0] < self.enc.rw) & (p[:, 1] < self.enc.rh)
            )
        self.wall += time.time() - t
        self.n += 1

    @torch.no_grad()
    def add(self, xy, groups):
        s = self.net.start(self.f4, self.f8, torch.from_numpy(np.asarray(xy, np.float32) * self.enc.k)[None])
        self.st = s if self.st is None else {k: torch.cat([self.st[k], s[k]], 1) for k in s}
        self.g = np.concatenate([self.g, groups]).astype(int)
        self.vis = np.concatenate([getattr(self, "vis", np.zeros(0, bool)), np.ones(len(xy), bool)])
        self.pv = np.concatenate([self.pv, np.ones(len(xy))])

    def keep(self, m):
        self.pv = self.pv[m]
        i = torch.from_numpy(np.flatnonzero(m))
        self.st = {k: v[:, i] for k, v in self.st.items()}
        self.g = self.g[m]
        self.vis = self.vis[m]

    @property
    def xy(self):
        return self.st["x"][0].numpy() / self.enc.k


class LK:
    """OpenCV pyramidal Lucas-Kanade with forward-backward check; a lost point stays lost"""

    def __init__(self):
        self.p = np.zeros((0, 2), np.float32)
        self.vis = np.zeros(0, bool)
        self.last = None
        self.g = np.zeros(0, int)

    def frame(self, bgr):
        g = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
        if self.last is not None and self.vis.any():
            q, ok = NE.track(self.last, g, self.p[self.vis])
            i = np.flatnonzero(self.vis)
            self.p[i] = q
            self.vis[i[~ok]] = False
        self.last = g

    def add(self, xy, groups):
        self.p = np.concatenate([self.p, np.asarray(xy, np.float32)])
        self.vis = np.concatenate([self.vis, np.ones(len(xy), bool)])
        self.g = np.concatenate([self.g, groups]).astype(int)

    def keep(self, m):
        self.p, self.vis, self.g = self.p[m], self.vis[m], self.g[m]

    @property
    def xy(self):
        return self.p


def make(a, h, w, cache={}):
    if a.ckpt == "lk":
        return LK()
    if "net" not in cache:
        cache["net"] = load_tracker(a.ckpt)
    if (h, w) not in cache:
        cache[h, w] = FrameEncoder(h, w, a.longest, a.precision, a.threads)
    return Learned(cache["net"], cache[h, w], a.thr)


def davis(a):
    """points of the frames 0, 1/4, 1/2 tracked to the end; at --thr (and, for information, at --also)"""
    R, wall = {}, []
    thr = [a.thr] + ([float(v) for v in a.also.split(",")] if a.also and a.ckpt != "lk" else [])
    Q = []
    for s in (a.seqs.split(",") if a.seqs else NE.SEQS):
        fs, gs = NE.frames(s)
        rng = np.random.default_rng((21, NE.SEQS.index(s)))
        h, w = cv2.imread(fs[0]).shape[:2]
        t = make(a, h, w)
        q = {0: 16, len(fs) // 4: 8, len(fs) // 2: 8}
        n = np.zeros((len(thr), 3))
        for i, f in enumerate(fs):
            g = NE.gt_of(gs[i])
            t.frame(cv2.imread(f))
            d = cv2.dilate(g.astype(np.uint8), np.ones((7, 7), np.uint8))
            if len(t.g):
                xy = t.xy
                p = np.clip(np.floor(xy).astype(int), 0, [w - 1, h - 1])
                ins = d[p[:, 1], p[:, 0]] > 0
                inpic = (xy[:, 0] > 0) & (xy[:, 1] > 0) & (xy[:, 0] < w) & (xy[:, 1] < h)
                for j, c in enumerate(thr):
                    v = t.vis if a.ckpt == "lk" else inpic & (t.pv > c)
                    n[j] += (ins & v).sum(), v.sum(), len(t.g)
            if i in q and g.sum() > 50:
                xy = NE.positives(g, q[i], rng)
                t.add(xy, np.zeros(len(xy), int))
        Q.append([[a_ / max(b_, 1), b_ / max(c_, 1), a_ / max(c_, 1)] for a_, b_, c_ in n])
        R[s] = Q[-1][0]
        if a.ckpt != "lk":
            wall.append(t.wall / t.n)
        print(f"  {s:22s} inside {R[s][0]:.3f} visible {R[s][1]:.3f} inside&visible {R[s][2]:.3f}", flush=True)
    for c, m in zip(thr, np.mean(Q, 0)):
        print(
            f"davis {a.ckpt} longest {a.longest} thr {c}: inside {m[0]:.4f} visible {m[1]:.4f} inside&visible {m[2]:.4f}"
            + (f"; head + tracker (torch f32) {1000 * np.mean(wall):.1f} ms wall a frame" if wall else ""),
            flush=True,
        )


def synth_data(a):
    """positions, claims (pv; LK: 0/1), truth over held-out clips.  --kind old: data.py (square, --size), new: clips.py (--width x --height)"""
    if a.kind == "old":
        from data import Clips

        d = Clips(a.size, a.T, 96, split="val")
    else:
        from clips import Scenes

        d = Scenes(a.width, a.height, a.T, 96, split="val")
    E, V, P, Sp, Hd = [], [], [], [], []
    enc = None if a.ckpt == "lk" else load_encoder()
    net = None if a.ckpt == "lk" else load_tracker(a.ckpt)
    for i in range(a.clips):
        c = d.make(np.random.default_rng((777, i)))
        ok = c["vis"][0]
        xy, vis, lay = c["xy"][:, ok], c["vis"][:, ok], c["layer"][ok]
        if net is None:
            t = LK()
            t.frame(c["frames"][0][..., ::-1])
            t.add(xy[0], lay)
            pp, vv = [], []
            for f in c["frames"][1:]:
                t.frame(f[..., ::-1])
                pp.append(t.xy.copy())
                vv.append(t.vis.astype(float))
        else:
            with torch.no_grad():
                x = (torch.from_numpy(c["frames"]).permute(0, 3, 1, 2).float() - M.MEAN) / M.STD
                fs = [net.head(*encode(enc, x[k : k + 1])) for k in range(a.T)]
                A = torch.from_numpy((lay[:, None] == lay[None]).astype(np.float32))[None]
                A = A / A.sum(2, keepdim=True)
                st = net.start(*fs[0], torch.from_numpy(xy[:1]))
                pp, vv = [], []
                for k in range(1, a.T):
                    st, o = net.step(*fs[k], st, A)
                    pp.append(st["x"][0].numpy())
                    vv.append(o["pv"][0].numpy())
        pp = np.array(pp)
        E.append(np.linalg.norm(pp - xy[1:], axis=2).ravel())
        P.append(np.array(vv).ravel())
        V.append(vis[1:].ravel())
        Sp.append(np.linalg.norm(np.diff(xy, axis=0), axis=2).ravel())
        Hd.append((np.cumsum(~vis[1:], 0) > 0).ravel())
    return [np.concatenate(v) for v in (E, P, V, Sp, Hd)]


def synth(a):
    """held-out pictures and objects; position error (px of the clip) and occlusion accuracy"""
    E, S, V, Sp, Hd = synth_data(a)
    P = S > a.thr
    print(
        f"synth {a.kind} {a.ckpt} T={a.T} clips {a.clips} thr {a.thr}: visible points: median error {np.median(E[V]):.2f} <1 {np.mean(E[V] < 1):.3f} <2 {np.mean(E[V] < 2):.3f} <4 {np.mean(E[V] < 4):.3f} <8 {np.mean(E[V] < 8):.3f} <16 {np.mean(E[V] < 16):.3f}; after having been hidden <8 {np.mean(E[V & Hd] < 8):.3f};",
        "by speed (px/frame) <8px:",
        " ".join(
            f"{lo}-{hi}: {np.mean(E[V & (Sp >= lo) & (Sp < hi)] < 8):.3f}"
            for lo, hi in ((0, 2), (2, 5), (5, 12), (12, 25), (25, 99))
        ),
        f"; occlusion accuracy {np.mean(P == V):.3f}, balanced {(.5 * np.mean(P[V]) + .5 * np.mean(~P[~V])):.3f}; claimed visible and within 4 px of a visible point: precision {np.mean((E < 4)[P] & V[P]):.3f} recall {np.mean(((E < 4) & P)[V]):.3f}",
        flush=True,
    )
    if a.sweep:
        for t in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
            P = S > t
            tp8 = ((E < 8) & P & V).sum()
            tp4 = ((E < 4) & P & V).sum()
            print(
                f"  thr {t}: claimed {P.mean():.3f} precision(8) {tp8 / max(P.sum(), 1):.3f} recall(8) {tp8 / V.sum():.3f} Jaccard(8) {tp8 / (P | V).sum():.4f} Jaccard(4) {tp4 / (P | V).sum():.4f}",
                flush=True,
            )


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("mode")
    p.add_argument("ckpt")
    p.add_argument("--seqs", default="")
    p.add_argument("--longest", type=int, default=640)
    p.add_argument("--precision", default="f32")
    p.add_argument("--thr", type=float, default=0.5)
    p.add_argument("--also", default="")
    p.add_argument("--size", type=int, default=256)
    p.add_argument("--T", type=int, default=16)
    p.add_argument("--clips", type=int, default=40)
    p.add_argument("--kind", default="old")
    p.add_argument("--width", type=int, default=384)
    p.add_argument("--height", type=int, default=224)
    p.add_argument("--sweep", type=int, default=0)
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    a.ckpt = a.ckpt if a.ckpt == "lk" else os.path.abspath(a.ckpt)
    a.seqs = REP if a.seqs == "rep" else a.seqs
    torch.set_num_threads(a.threads)
    dict(davis=davis, synth=synth)[a.mode](a)
