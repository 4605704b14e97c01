"""Synthetic clips, second generation: articulated objects, out-of-plane turns, looming, occluders, objects that leave and
return, a camera that follows an object, duplicates as distractors, local changes of light, stronger blur; any width and height.

Like data.py's clips: layers with analytic mappings, so that tracks are exact; visibility from the index map of the parts.
Point coordinates: pixels of the clip, pixel centres at +0.5.  layer = group (object), 0 = background.
NANO_DATA_CACHE: data.pkl, pool.pkl (see data.py) and, if there, extra.pkl (extra.py: more pictures with object masks); DUTS-TR.pkl and free.pkl
where whole things are wanted (things.py).
"""

import math
import os
import sys
import numpy as np
import cv2
from data import load_sources, smooth_path, smooth_scalar, jitter, CACHE
from things import Things, made_cut, made_texture

cv2.setNumThreads(1)


def loguni(rng, a, b):
    return math.exp(rng.uniform(math.log(a), math.log(b)))


def wave_t(rng, T, amp, lo=0.15, hi=0.9):
    """amp * (sin(w t + ph) - sin ph): an oscillation that starts at 0"""
    w, ph = rng.uniform(lo, hi), rng.uniform(0, 2 * math.pi)
    return amp * (np.sin(w * np.arange(T) + ph) - math.sin(ph))


def shift(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


class Sheet:
    """A textured sheet.  u = canonical coordinates (source pixels), clip pixel = Hs[t] u.
    alpha lives at u for a `turn` (silhouette fixed, texture slides) and at the texture coordinate s otherwise.
    s = u + waves (wave), or a cylinder turning about its vertical or horizontal axis (turn), or u."""

    def __init__(self, im, alpha, Hs, part, group, wave=None, turn=None):
        self.Hs, self.part, self.group, self.wave, self.turn = Hs, part, group, wave, turn
        self.pyr = [(im, alpha)]
        self.box = None if alpha is None else self.bounds(alpha)
        self.gain = None
        self.shade = None

    @staticmethod
    def bounds(al):
        ys, xs = np.nonzero(al > 8)
        return (0, 0, 1, 1) if len(xs) == 0 else (xs.min() - 2, ys.min() - 2, xs.max() + 3, ys.max() + 3)

    def level(self, sc):
        l = int(np.clip(math.floor(math.log2(1 / max(sc, 1e-3)) + 0.3), 0, 3))
        while len(self.pyr) <= l:
            im, al = self.pyr[-1]
            h, w = im.shape[0] // 2, im.shape[1] // 2
            if min(h, w) < 8:
                break
            self.pyr.append(
                (
                    cv2.resize(im[: 2 * h, : 2 * w], (w, h), interpolation=cv2.INTER_AREA),
                    None if al is None else cv2.resize(al[: 2 * h, : 2 * w], (w, h), interpolation=cv2.INTER_AREA),
                )
            )
        l = min(l, len(self.pyr) - 1)
        f = 2.0**l
        return self.pyr[l], np.array(
            [[1 / f, 0, 0.5 / f - 0.5], [0, 1 / f, 0.5 / f - 0.5], [0, 0, 1]]
        )  # u -> level pixels

    def to_src(self, u, t):
        """canonical -> texture coordinate, and where the texture exists"""
        if self.wave is not None:
            w = self.wave
            o = u.copy()
            for j in range(2):
                o += np.sin(u @ w["k"][j] + w["ph"][j] + w["om"][j] * t)[..., None] * w["amp"][j]
            return o
        if self.turn is not None:
            ax, c, r, psi = self.turn
            o = u.copy()
            o[..., ax] = c + r * (np.arcsin(np.clip((u[..., ax] - c) / r, -0.995, 0.995)) + psi[t])
            return o
        return u

    def forward(self, s, t):
        """texture points -> clip pixels, and whether they face the camera"""
        u = s
        ok = np.ones(len(s), bool)
        if self.wave is not None:
            for _ in range(12):
                u = s - (self.to_src(u, t) - u)
        elif self.turn is not None:
            ax, c, r, psi = self.turn
            th = (s[:, ax] - c) / r - psi[t]
            u = s.copy()
            u[:, ax] = c + r * np.sin(np.clip(th, -math.pi, math.pi))
            ok = np.abs(th) < 1.35
        q = np.concatenate([u, np.ones((len(u), 1))], 1) @ self.Hs[t].T
        return q[:, :2] / np.maximum(q[:, 2:], 1e-3), ok & (q[:, 2] > 0.05)

    def inverse(self, p, t):
        q = np.concatenate([p, np.ones((len(p), 1))], 1) @ np.linalg.inv(self.Hs[t]).T
        return self.to_src(q[:, :2] / q[:, 2:], t)

    def roi(self, t, W, H, pad):
        if self.box is None:
            return 0, 0, W, H
        x0, y0, x1, y1 = self.box
        q = np.array([[x0, y0, 1], [x1, y0, 1], [x0, y1, 1], [x1, y1, 1.0]]) @ self.Hs[t].T
        if (q[:, 2] < 0.1).any():
            return 0, 0, W, H
        q = q[:, :2] / q[:, 2:]
        sc = math.sqrt(abs(np.linalg.det(self.Hs[t][:2, :2])))
        pad += 0 if self.wave is None else 3 * sc * np.abs(self.wave["amp"]).max()
        a, b = np.floor(q.min(0) - pad), np.ceil(q.max(0) + pad)
        a = np.clip(a, 0, [W, H])
        b = np.clip(b, 0, [W, H])
        return int(a[0]), int(a[1]), int(b[0]), int(b[1])

    def render(self, t, box):
        x0, y0, x1, y1 = box
        w, h = x1 - x0, y1 - y0
        Hm = shift(-x0, -y0) @ self.Hs[t]
        sc = math.sqrt(abs(np.linalg.det(self.Hs[t][:2, :2])))
        (im, al), L = self.level(sc)
        fl = cv2.INTER_LINEAR
        if self.wave is None and self.turn is None:
            M = Hm @ np.linalg.inv(L)
            o = cv2.warpPerspective(im, M, (w, h), flags=fl, borderMode=cv2.BORDER_REFLECT_101)
            return o, None if al is None else cv2.warpPerspective(al, M, (w, h), flags=fl)
        g = 8 if self.wave is not None else 4
        n, m = w // g + 3, h // g + 3
        p = np.stack(np.meshgrid((np.arange(n) - 1 + 0.5) * g - 0.5, (np.arange(m) - 1 + 0.5) * g - 0.5), -1)
        q = np.concatenate([p, np.ones((m, n, 1))], -1) @ np.linalg.inv(Hm).T
        u = q[..., :2] / q[..., 2:]

        def big(s):
            return cv2.resize(
                (s * [L[0, 0], L[1, 1]] + L[:2, 2]).astype(np.float32), (n * g, m * g), interpolation=cv2.INTER_LINEAR
            )[g : g + h, g : g + w]

        mp = big(self.to_src(u, t))
        o = cv2.remap(im, mp, None, fl, borderMode=cv2.BORDER_REFLECT_101)
        return o, None if al is None else cv2.remap(al, mp if self.turn is None else big(u), None, fl)


def kernel(v):
    n = int(max(3, min(41, math.ceil(np.linalg.norm(v)) | 1)))
    k = np.zeros((n, n), np.float32)
    c = n // 2
    d = v / max(1e-6, np.abs(v).max()) * min(c, np.abs(v).max() / 2)
    cv2.line(k, tuple(np.round(c - d).astype(int).tolist()), tuple(np.round(c + d).astype(int).tolist()), 1, 1)
    return k / k.sum()


def split(al, rng, lo=0.1, hi=0.42):
    """cut a limb off the mask al (uint8): (body, limb, joint, axis direction) or None; the two overlap around the joint"""
    ys, xs = np.nonzero(al > 127)
    if len(xs) < 150:
        return None
    p = np.stack([xs, ys], 1).astype(np.float32)
    c = p.mean(0)
    q = p - c
    if rng.random() < 0.6:  # along the main axis of a random sector, else any direction
        ev, U = np.linalg.eigh(np.cov(q.T))
        d = U[:, 1 if rng.random() < 0.7 else 0] * (1 if rng.random() < 0.5 else -1)
        th = rng.normal(0, 0.35)
        d = np.array([[math.cos(th), -math.sin(th)], [math.sin(th), math.cos(th)]]) @ d
    else:
        th = rng.uniform(0, 2 * math.pi)
        d = np.array([math.cos(th), math.sin(th)])
    pr = q @ d
    f = rng.uniform(lo, hi)
    k = np.quantile(pr, 1 - f)
    m = np.zeros_like(al)
    m[ys, xs] = (pr > k) * np.uint8(255)
    n, lab, st, cen = cv2.connectedComponentsWithStats(m, connectivity=4)
    if n < 2:
        return None
    j = 1 + int(rng.choice(n - 1, p=st[1:, 4] / st[1:, 4].sum()))
    limb = lab == j  # one component only: e.g. one of two legs
    if st[j, 4] < 60:
        return None
    e = limb[ys, xs] & (pr < k + 3)
    if not e.any():
        return None
    ep = p[e]
    joint = ep.mean(0)
    r = max(3.0, 0.55 * float(np.ptp(ep @ np.array([-d[1], d[0]]))))
    disc = np.zeros_like(al)
    cv2.circle(disc, tuple(np.round(joint).astype(int).tolist()), int(min(r, 60)), 255, -1)
    body = np.where(limb & (disc == 0), 0, al).astype(np.uint8)
    lb = np.where(limb | ((disc > 0) & (al > 0)), al, 0).astype(np.uint8)
    return body, lb, joint, d


class Scenes:
    """things: share of objects that are whole things or cut-outs (things.py), and of backgrounds that are free photographs;
    made: share of clips that are made of noise alone"""

    def __init__(self, W=384, H=224, T=12, npts=128, split="train", hard=1.0, things=0.0, made=0.0):
        self.things, self.share, self.made = Things(split) if things else None, things, made
        items, val, pool = load_sources()
        k = int(0.9 * len(pool))
        its = items if split == "train" else val
        self.bgs = [i["im"] for i in its]
        self.street = np.array([i["kind"] != its[0]["kind"] for i in its])
        self.street = self.street if self.street.mean() > 0.5 else ~self.street
        self.bgw = (
            np.where(self.street, 0.25 / max(1, self.street.sum()), 0.75 / max(1, (~self.street).sum()))
            if self.street.any() and not self.street.all()
            else np.ones(len(its))
        )
        self.bgw = self.bgw / self.bgw.sum()
        self.pool = [(items[pi]["im"], b, m) for pi, b, m in (pool[:k] if split == "train" else pool[k:])]
        self.extra = []
        f = f"{CACHE}/extra.pkl"
        if os.path.exists(f):
            import pickle

            self.extra = [e for j, e in enumerate(pickle.load(open(f, "rb"))) if (j % 10 != 0) == (split == "train")]
        self.W, self.H, self.T, self.n, self.hard = W, H, T, npts, hard

    def cut(self, rng):
        """an object: (RGB, alpha uint8)"""
        if self.things and rng.random() < self.share:
            return self.things.cut(rng)
        im, (x0, y0, x1, y1), pm = (
            self.extra[rng.integers(len(self.extra))][:3]
            if self.extra and rng.random() < 0.3
            else self.pool[rng.integers(len(self.pool))]
        )
        a, b = max(0, x0), max(0, y0)
        im = im[b:y1, a:x1]
        al = pm[b - y0 : b - y0 + im.shape[0], a - x0 : a - x0 + im.shape[1]] * np.uint8(255)
        im = im[: al.shape[0], : al.shape[1]]
        return im, cv2.GaussianBlur(cv2.erode(al, np.ones((3, 3), np.uint8)), (0, 0), 0.7)

    def homs(self, rng, c_src, pos, scale, rot, zoom, persp, aspect, flip, ang0):
        T = self.T
        ang = ang0 + rot
        px, py = persp
        Hs = []
        shx = smooth_scalar(rng, T, 0.06)
        for t in range(T):
            c, s = math.cos(ang[t]), math.sin(ang[t])
            z = scale * zoom[t]
            A = (
                np.array([[c, -s], [s, c]])
                @ np.array([[1, np.clip(shx[t], -0.25, 0.25)], [0, 1]])
                @ np.diag([flip * z * aspect[0][t], z * aspect[1][t]])
            )
            P = np.array([[A[0, 0], A[0, 1], 0], [A[1, 0], A[1, 1], 0], [px[t], py[t], 1]])
            Hs.append(shift(*pos[t]) @ P @ shift(-c_src[0], -c_src[1]))
        return Hs

    def path(self, rng, sp):
        """positions of an object's centre"""
        W, H, T = self.W, self.H, self.T
        S = np.array([W, H], float)
        u = rng.random()
        c = rng.uniform(0.1, 0.9, 2) * S
        p = smooth_path(rng, T, sp)
        if u < 0.55:  # reflected at borders some way outside
            m = rng.uniform(-0.02, 0.3) * S
            lo = -m
            w = S + 2 * m
            q = np.mod(p + c - lo, 2 * w)
            return np.where(q > w, 2 * w - q, q) + lo
        if u < 0.72:  # out of the frame and back
            e = rng.integers(4)
            d = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])[e] * 1.0
            edge = np.where(d > 0, S, 0.0)
            c = np.where(d != 0, edge - d * rng.uniform(0.02, 0.3) * S, c)
            A = rng.uniform(0.15, 0.55) * S * np.abs(d)
            ph = np.linspace(rng.uniform(-0.5, 0.5), rng.uniform(2.6, 4.2), T)
            k = np.sin(ph) - np.sin(ph[0])
            return c + d * A * k[:, None] + p * 0.15
        return c + p  # free: may leave for good

    def obj(self, rng, cam, gid, pid, big, src=None, occluder=False):
        """list of Sheets of one object (parts back to front), next part id, mean velocity per frame"""
        W, H, T = self.W, self.H, self.T
        S = math.sqrt(W * H)
        im, al = src or self.cut(rng)
        oim = im
        area = max(float((al > 127).sum()), 30.0)
        h, w = al.shape
        fr = loguni(rng, 0.05 if big else 0.006, 0.3)
        sc0 = math.sqrt(fr * S * S / area)
        sc0 = min(sc0, 3.0)
        sp = loguni(rng, 0.25, 0.14 * S) * self.hard * (1.4 if occluder else 1.0)
        pos = self.path(rng, sp)
        # looming: the scale runs over a factor of 1.6 .. 4
        zoom = np.exp(np.clip(smooth_scalar(rng, T, 0.08 if rng.random() < 0.7 else 0.22), -0.7, 0.7))
        if rng.random() < 0.3:
            f = math.log(rng.uniform(1.6, 4.0)) * (1 if rng.random() < 0.5 else -1)
            x = np.linspace(0, 1, T)
            e = x if rng.random() < 0.5 else np.exp(np.log(2.0) * x) - 1
            zoom = np.exp(f * (e - 0.5)) * np.exp(smooth_scalar(rng, T, 0.03))
            sc0 = min(sc0, 1.6 * math.sqrt(S * S * 0.12 / area))
        rot = smooth_scalar(rng, T, 0.1 if rng.random() < 0.55 else 0.4)
        if rng.random() < 0.12:
            rot = rot + np.arange(T) * rng.normal(0, 0.22)  # spins
        pa = 1.5e-4 if rng.random() < 0.6 else 6e-4
        lim = min(2.2e-3, 0.35 / (sc0 * max(w, h)) * sc0)
        persp = [np.clip(smooth_scalar(rng, T, pa * 1.5), -lim, lim) for _ in range(2)]
        asp = [np.ones(T), np.ones(T)]
        k = math.exp(rng.uniform(-0.12, 0.12))
        asp[0] *= k
        asp[1] /= k
        if rng.random() < 0.3:  # out of plane: foreshortened to .3
            a = int(rng.random() < 0.3)
            psi = np.clip(rng.uniform(-0.9, 0.9) + wave_t(rng, T, rng.uniform(0.3, 1.0), 0.1, 0.5), -1.27, 1.27)
            asp[a] = asp[a] * np.cos(psi)
            persp[a] = np.clip(
                persp[a] + np.sin(psi) * rng.uniform(0.0, 0.45) / max(w, h), -0.45 / max(w, h), 0.45 / max(w, h)
            )
        Hs = self.homs(
            rng, (w / 2, h / 2), pos, sc0, rot, zoom, persp, asp, -1 if rng.random() < 0.5 else 1, rng.normal(0, 0.3)
        )
        Hs = [C @ M for C, M in zip(cam, Hs)]
        im = jitter(im, rng)
        u = rng.random()
        parts = []
        if u < 0.5 and not occluder:  # articulated
            body = al
            chain = []
            for _ in range(int(rng.integers(1, 4))):
                r = split(body, rng)
                if r is None:
                    continue
                body, lb, joint, d = r
                chain.append((lb, joint, d))
            fast = rng.random() < 0.5
            common = [np.eye(3)] * T
            parts = [(body, common, 0.0)]
            for lb, joint, d in chain:
                amp = rng.uniform(0.1, 0.55) if rng.random() < 0.6 else rng.uniform(0.5, 1.2)
                th = wave_t(rng, T, amp, *((0.5, 1.4) if fast else (0.12, 0.6)))
                fs = 1 - np.abs(wave_t(rng, T, rng.uniform(0, 0.4), 0.1, 0.7))
                D = np.array([[d[0], -d[1]], [d[1], d[0]]])
                J = []
                for t in range(T):
                    c, s = math.cos(th[t]), math.sin(th[t])
                    A = np.eye(3)
                    A[:2, :2] = np.array([[c, -s], [s, c]]) @ D @ np.diag([np.clip(fs[t], 0.35, 1.0), 1]) @ D.T
                    J.append(shift(*joint) @ A @ shift(*-joint))
                sub = split(lb, rng, 0.3, 0.6) if rng.random() < 0.4 else None  # a second joint
                if sub is not None:
                    lb, l2, j2, _ = sub
                    t2 = wave_t(rng, T, rng.uniform(0.2, 1.0), *((0.5, 1.4) if fast else (0.12, 0.6)))
                    J2 = []
                    for t in range(T):
                        c, s = math.cos(t2[t]), math.sin(t2[t])
                        A = np.eye(3)
                        A[:2, :2] = [[c, -s], [s, c]]
                        J2.append(J[t] @ shift(*j2) @ A @ shift(*-j2))
                    z = rng.normal()
                    parts += [(l2, J2, z + rng.normal() * 0.2)]
                    parts += [(lb, J, z)]
                else:
                    parts.append((lb, J, rng.normal()))
            parts.sort(key=lambda v: v[2])
            sheets = []
            for j, (m, J, _) in enumerate(parts):
                sheets.append(Sheet(im, m, [A @ B for A, B in zip(Hs, J)], pid + j, gid))
        elif u < 0.66 and not occluder and min(w, h) > 16:  # turning cylinder: texture slides inside the silhouette
            ax = 0 if rng.random() < 0.75 else 1
            r = 0.5 * (w, h)[ax] * rng.uniform(1.02, 1.3)
            om = rng.uniform(-0.16, 0.16)
            tex = cv2.copyMakeBorder(im, 0, 0, 0, 0, cv2.BORDER_REFLECT_101)
            sheets = [
                Sheet(
                    tex,
                    al,
                    Hs,
                    pid,
                    gid,
                    turn=(ax, (w, h)[ax] / 2, r, om * np.arange(T) + wave_t(rng, T, rng.uniform(0, 0.5), 0.1, 0.5)),
                )
            ]
        else:
            wv = None
            if u < 0.84:
                lam = rng.uniform(0.5, 2.0, 2) * math.sqrt(area)
                th = rng.uniform(0, math.pi, 2)
                wv = dict(
                    k=np.stack([np.cos(th), np.sin(th)], 1) * 2 * math.pi / lam[:, None],
                    amp=rng.normal(0, 1, (2, 2)) * rng.uniform(0.01, 0.05) * lam[:, None],
                    om=rng.uniform(0.15, 1.0, 2),
                    ph=rng.uniform(0, 6.28, 2),
                )
            sheets = [Sheet(im, al, Hs, pid, gid, wave=wv)]
        self.light(rng, sheets, max(w, h))
        return sheets, pid + len(sheets), (oim, al)

    def light(self, rng, sheets, size):
        T = self.T
        g = np.exp(smooth_scalar(rng, T, rng.uniform(0, 0.22))) if rng.random() < 0.6 else np.ones(T)
        col = (
            np.exp(np.stack([smooth_scalar(rng, T, 0.06) for _ in range(3)], 1))
            if rng.random() < 0.3
            else np.ones((T, 3))
        )
        for s in sheets:
            k = np.exp(smooth_scalar(rng, T, 0.12)) if rng.random() < 0.25 else 1.0
            s.gain = (np.clip((g * k)[:, None] * col, 0.45, 1.9)).astype(np.float32)
            if rng.random() < 0.25:
                s.shade = (
                    rng.uniform(0, 2 * math.pi),
                    rng.uniform(0.1, 0.5),
                    rng.uniform(0.1, 0.8),
                    rng.uniform(0, 6.28),
                )  # a moving gradient

    def stripe(self, rng, cam, gid, pid):
        """a pole / trunk / fence bar with the texture of another picture, in front, moving with the camera's parallax"""
        W, H, T = self.W, self.H, self.T
        src = self.bgs[rng.integers(len(self.bgs))]
        n = int(rng.integers(1, 4))
        out = []
        wd = loguni(rng, 4, 40) * W / 384
        L = 1.8 * max(W, H)
        tex = cv2.resize(src[:, : max(8, int(src.shape[1] * min(1, 3 * wd / L)))], (max(6, int(wd)) + 8, int(L)))
        al = np.zeros(tex.shape[:2], np.uint8)
        al[:, 4:-4] = 255
        vert = rng.random() < 0.75
        sp = loguni(rng, 0.3, 0.12 * W)
        v = sp * (1 if rng.random() < 0.5 else -1)
        ang = rng.normal(0, 0.15) + (0 if vert else math.pi / 2)
        x0 = rng.uniform(-0.1, 1.1)
        dx = rng.uniform(0.15, 0.5) * W
        wob = smooth_path(rng, T, sp * 0.15)
        for i in range(n):
            p = (
                np.array(
                    [
                        [x0 * W + v * t + i * dx, H / 2] if vert else [W / 2, x0 * H + v * t * 0.6 + i * dx]
                        for t in range(T)
                    ]
                )
                + wob
            )
            Hs = self.homs(
                rng,
                (tex.shape[1] / 2, tex.shape[0] / 2),
                p,
                1.0,
                np.zeros(T),
                np.ones(T),
                [np.zeros(T)] * 2,
                [np.ones(T)] * 2,
                1,
                ang,
            )
            out.append(Sheet(jitter(tex, rng), al, [M for M in Hs], pid, gid))
            pid += 1
            gid += 1
        self.light(rng, out, wd)
        return out, pid, gid

    def make(self, rng):
        W, H, T = self.W, self.H, self.T
        S = math.sqrt(W * H)
        made = rng.random() < self.made if self.made else False
        if made:
            src = made_texture(rng, 512)
        elif self.things and rng.random() < 0.5 * self.share:
            src = self.things.background(rng)
        else:
            src = self.bgs[rng.choice(len(self.bgs), p=self.bgw)]
        h, w = src.shape[:2]
        sp = loguni(rng, 0.25, 0.13 * S) * 0.6 if rng.random() < 0.88 else 0.0
        path = smooth_path(rng, T, sp, 0.12)
        lim = 0.9 * S
        path = lim * np.tanh(path / lim)
        k = loguni(rng, 0.85, 1.9) * W / 384
        rot = smooth_scalar(rng, T, 0.02 if rng.random() < 0.7 else 0.12)
        zoom = np.exp(smooth_scalar(rng, T, 0.03 if rng.random() < 0.7 else 0.1))
        if rng.random() < 0.2:
            zoom = zoom * np.exp(rng.uniform(-0.8, 0.8) * np.linspace(0, 1, T))
        per = [np.clip(smooth_scalar(rng, T, 6e-5 if rng.random() < 0.7 else 2e-4), -6e-4, 6e-4) for _ in range(2)]
        c = np.array([W / 2, H / 2])
        cam = self.homs(rng, c, c + path, 1.0, rot, zoom, per, [np.ones(T)] * 2, 1, 0.0)
        I0 = np.linalg.inv(cam[0])
        cam = [C @ I0 for C in cam]
        base = np.array(
            [
                [k, 0, W / 2 - k * rng.uniform(0.35, 0.65) * w],
                [0, k, H / 2 - k * rng.uniform(0.35, 0.65) * h],
                [0, 0, 1],
            ]
        )
        if rng.random() < 0.5:
            base = np.array([[-1, 0, W - 1], [0, 1, 0], [0, 0, 1.0]]) @ base
        wv = None
        if rng.random() < 0.15:
            lam = rng.uniform(60, 200, 2)
            th = rng.uniform(0, math.pi, 2)
            wv = dict(
                k=np.stack([np.cos(th), np.sin(th)], 1) * 2 * math.pi / lam[:, None],
                amp=rng.normal(0, 1, (2, 2)) * rng.uniform(0.5, 3),
                om=rng.uniform(0.15, 0.9, 2),
                ph=rng.uniform(0, 6.28, 2),
            )
        sheets = [Sheet(jitter(src, rng), None, [C @ base for C in cam], 0, 0, wave=wv)]
        self.light(rng, sheets, w)
        follow = rng.random() < 0.4
        I = [np.eye(3)] * T
        gid = pid = 1
        last = None
        n = int(rng.integers(3, 9) if made else rng.integers(1, 5))
        objs = []
        for i in range(n):
            dup = last if last is not None and rng.random() < 0.25 else made_cut(rng) if made else None
            L, pid, last = self.obj(rng, I if follow and (i == 0 or rng.random() < 0.6) else cam, gid, pid, i == 0, dup)
            gid += 1
            objs.append(L)
        if n > 1 and rng.random() < 0.5:
            objs = objs[1:] + objs[:1]  # the large one in front
        for L in objs:
            sheets += L
        if rng.random() < 0.22:
            L, pid, gid = self.stripe(rng, cam, gid, pid)
            sheets += L
        if rng.random() < 0.2:
            L, pid, _ = self.obj(rng, cam, gid, pid, False, None, True)
            gid += 1
            sheets += L
        # --- photometry of the whole picture
        mb = rng.random() < 0.5
        shutter = rng.uniform(0.2, 0.95)
        gain = np.exp(np.clip(smooth_scalar(rng, T, rng.uniform(0, 0.15)), -0.8, 0.6))
        off = smooth_scalar(rng, T, rng.uniform(0, 8))
        noise = rng.uniform(1, 9) if rng.random() < 0.5 else 0
        nz = rng.normal(0, 1, (H + 16, W + 16, 1 if rng.random() < 0.5 else 3)).astype(np.float32) * noise
        jpeg = int(rng.integers(30, 90)) if rng.random() < 0.35 else 0
        soft = (
            np.abs(rng.uniform(0.3, 1.3) + wave_t(rng, T, rng.uniform(0, 0.8), 0.1, 0.6))
            if rng.random() < 0.3
            else None
        )
        shadow = None
        if rng.random() < 0.25:
            shadow = (
                cv2.resize(rng.normal(0, 1, (5, 5)).astype(np.float32), (2 * W, 2 * H), interpolation=cv2.INTER_CUBIC)
                > 0.5
            ).astype(np.float32)
            shadow = 1 - rng.uniform(0.2, 0.6) * cv2.GaussianBlur(shadow, (0, 0), rng.uniform(2, 9))
            sh = smooth_path(rng, T, loguni(rng, 0.3, 12))
            sh = np.clip(sh + [W / 2, H / 2], 0, [W - 1, H - 1]).astype(int)
        frames = np.empty((T, H, W, 3), np.uint8)
        ids = np.zeros((T, H, W), np.uint8)
        cen = []
        for s in sheets:  # velocity of each sheet's centre, for the motion blur
            b = s.box
            m = np.array([[W / 2, H / 2]]) if b is None else np.array([[(b[0] + b[2]) / 2, (b[1] + b[3]) / 2.0]])
            if b is None:
                m = np.array([np.linalg.inv(s.Hs[0]) @ [W / 2, H / 2, 1]])
                m = m[:, :2] / m[:, 2:]
            q = np.concatenate([m, np.ones((1, 1))], 1)
            q = np.array([(M @ q[0])[:2] / max((M @ q[0])[2], 0.05) for M in s.Hs])
            v = np.diff(q, axis=0, prepend=q[:1])
            v[0] = v[1]
            cen.append(v)
        yy, xx = (np.arange(H) / H - 0.5).astype(np.float32)[:, None], (np.arange(W) / W - 0.5).astype(np.float32)[None]
        for t in range(T):
            x = None
            for s, v in zip(sheets, cen):
                bl = v[t] * shutter if mb and np.abs(v[t]).max() * shutter > 2.5 else None
                if bl is not None:
                    bl = bl * min(1, 40 / np.linalg.norm(bl))
                x0, y0, x1, y1 = s.roi(t, W, H, 2 if bl is None else 2 + int(np.abs(bl).max() / 2 + 1))
                if x1 - x0 < 2 or y1 - y0 < 2:
                    continue
                im, al = s.render(t, (x0, y0, x1, y1))
                im = im.astype(np.float32)
                g = s.gain[t]
                if (g != 1).any():
                    im *= g
                if s.shade is not None:
                    th, a, om, ph = s.shade
                    f = a * math.sin(om * t + ph)
                    im *= np.exp(f * 2 * (xx[:, x0:x1] * math.cos(th) + yy[y0:y1] * math.sin(th)))[..., None]
                if al is not None:
                    ids[t, y0:y1, x0:x1][al > 127] = s.part
                    al = al.astype(np.float32) / 255
                if bl is not None:
                    kk = kernel(bl)
                    im = cv2.filter2D(im, -1, kk, borderType=cv2.BORDER_REFLECT_101)
                    if al is not None:
                        al = cv2.filter2D(al, -1, kk, borderType=cv2.BORDER_REPLICATE)
                if al is None:
                    x = im
                else:
                    al = al[..., None]
                    r = x[y0:y1, x0:x1]
                    im -= r
                    im *= al
                    r += im
            if shadow is not None:
                x = x * shadow[sh[t, 1] : sh[t, 1] + H, sh[t, 0] : sh[t, 0] + W, None]
            if gain[t] != 1 or off[t]:
                x = x * np.float32(gain[t]) + np.float32(off[t])
            if soft is not None and soft[t] > 0.3:
                x = cv2.GaussianBlur(x, (0, 0), float(soft[t]))
            if noise:
                a, b = rng.integers(0, 16, 2)
                x = x + nz[a : a + H, b : b + W]
            f = np.clip(x, 0, 255).astype(np.uint8)
            if jpeg:
                f = cv2.imdecode(cv2.imencode(".jpg", f, [1, jpeg])[1], 1)
            frames[t] = f
        # --- points: half drawn in the first and half in the last frame (clips are used in both directions)
        by = {s.part: s for s in sheets}
        gs = sorted({s.group for s in sheets})
        src, prt, lay = [], [], []
        for t in (0, T - 1):
            for g in gs:
                m = np.isin(ids[t], [s.part for s in sheets if s.group == g])
                if m.sum() < 8:
                    continue
                e = cv2.erode(m.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) if rng.random() < 0.8 else m
                if e.sum() < 30:
                    e = m
                ys, xs = np.nonzero(e)
                cnt = int(self.n * 0.5 * (0.3 if g == 0 else 0.7 / max(1, len(gs) - 1)))
                j = rng.integers(0, len(ys), cnt)
                p = np.stack([xs[j], ys[j]], 1) + rng.uniform(-0.5, 0.5, (cnt, 2))
                pt = ids[t, ys[j], xs[j]]
                o = np.empty((cnt, 2))
                for q in np.unique(pt):
                    o[pt == q] = by[int(q)].inverse(p[pt == q], t)
                src.append(o)
                prt.append(pt)
                lay += [g] * cnt
        src, prt, lay = np.concatenate(src), np.concatenate(prt).astype(int), np.array(lay)
        n = len(lay)
        xy = np.empty((T, n, 2), np.float32)
        face = np.ones((T, n), bool)
        for q in np.unique(prt):
            k = prt == q
            for t in range(T):
                xy[t, k], face[t, k] = by[int(q)].forward(src[k], t)
        xy = np.clip(xy, -4 * W, 5 * W)
        r = np.round(xy).astype(int)
        inside = ((r >= 0) & (r < [W, H])).all(2)
        rx, ry = np.clip(r[..., 0], 0, W - 1), np.clip(r[..., 1], 0, H - 1)
        vis = inside & face & (np.stack([ids[t][ry[t], rx[t]] for t in range(T)]) == prt)
        lut = np.zeros(256, np.uint8)
        for s in sheets:
            lut[s.part] = s.group
        return dict(frames=frames, xy=xy + 0.5, vis=vis, inside=inside, layer=lay, groups=lut[ids], parts=ids, sheets=sheets)


if __name__ == "__main__":
    import time

    out = sys.argv[1]
    Tn = 12
    d = Scenes(384, 224, Tn)
    rng = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    t = time.process_time()
    cs = [d.make(rng) for _ in range(16)]
    print(
        "CPU-s a clip",
        (time.process_time() - t) / 16,
        "visible",
        np.mean([c["vis"].mean() for c in cs]),
        "groups",
        np.mean([c["layer"].max() for c in cs]),
    )
    rows = []
    for c in cs[:8]:
        row = []
        for k in (0, 3, 5, 8, 11):
            v = c["frames"][k].copy()
            for i in range(0, c["xy"].shape[1], 2):
                if c["vis"][0, i]:
                    col = [
                        (255, 0, 0),
                        (0, 255, 0),
                        (0, 255, 255),
                        (255, 0, 255),
                        (255, 255, 0),
                        (255, 255, 255),
                        (0, 0, 255),
                    ][c["layer"][i] % 7]
                    p = tuple(np.floor(np.clip(c["xy"][k, i], -50, 500)).astype(int).tolist())
                    cv2.circle(v, p, 3, col, -1 if c["vis"][k, i] else 1)
            row.append(v)
        rows.append(np.concatenate(row, 1))
    cv2.imwrite(out, np.concatenate(rows)[..., ::-1])
    e = []
    for c in cs:
        g = [cv2.GaussianBlur(cv2.cvtColor(f, cv2.COLOR_RGB2GRAY), (0, 0), 1).astype(np.float32) for f in c["frames"]]
        for k in range(1, Tn):
            q = c["vis"][0] & c["vis"][k]
            if q.sum() > 5:
                a, b = (cv2.remap(g[z], (c["xy"][z, q] - 0.5).astype(np.float32)[None], None, 1)[0] for z in (0, k))
                e.append(np.corrcoef(a.ravel(), b.ravel())[0, 1])
    print("mean correlation of grey values along tracks", np.nanmean(e), "median", np.nanmedian(e))
