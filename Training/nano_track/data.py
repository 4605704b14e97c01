"""Synthetic clips with exact point tracks, made on the fly from BSDS500 regions and CamVid objects.

A clip is a stack of layers (background, 1-4 objects, sometimes an occluder), each with its own smooth trajectory
(translation, rotation, scale, perspective, optional non-rigid waves) under a common camera motion.  Rendering is
inverse mapping of the layer's source picture; the tracks use the same mapping forwards, so they are exact.
Point coordinates: pixels of the clip, pixel centres at +0.5 (the segmenter's convention).

Paths: NANO_DIR (the segmenter's code, for its region pool), NANO_DATA_CACHE (data.pkl / pool.pkl made by it)."""

import math
import os
import pickle
import sys
import numpy as np
import cv2

NANO_DIR = os.environ.get("NANO_DIR", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "nano_prompt"))
CACHE = os.environ.get("NANO_DATA_CACHE", "cache")
cv2.setNumThreads(1)


def load_sources():
    """(training items, held-out items, object pool); item: dict(im=RGB uint8, ...); pool: (item id, bbox, mask).
    The caches are written by the segmenter's data.py (load_all, paste_pool) on its first use."""
    items, val = pickle.load(open(f"{CACHE}/data.pkl", "rb"))
    pool = pickle.load(open(f"{CACHE}/pool.pkl", "rb"))
    return items, val, pool


def smooth_path(rng, T, speed, turn=0.25):
    """T x 2 positions of an auto-regressive velocity process with typical speed `speed` px per frame"""
    a = rng.uniform(0, 2 * math.pi)
    v = speed * np.array([math.cos(a), math.sin(a)])
    out = [np.zeros(2)]
    for _ in range(T - 1):
        if rng.random() < 0.06:
            a = rng.uniform(0, 2 * math.pi)
            v = speed * np.array([math.cos(a), math.sin(a)])  # sudden change
        v = v * (1 - turn * 0.5) + rng.normal(0, 1, 2) * speed * turn
        n = np.linalg.norm(v)
        if n > 1.8 * speed:
            v *= 1.8 * speed / n
        out.append(out[-1] + v)
    return np.array(out)


def smooth_scalar(rng, T, amp):
    """slowly varying zero-mean signal, starting at 0"""
    k = rng.uniform(0.1, 0.9)
    ph = rng.uniform(0, 2 * math.pi)
    t = np.arange(T)
    s = np.sin(k * t + ph) - math.sin(ph) + rng.uniform(-0.15, 0.15) * t
    return amp * s


def speed(rng, S):
    """log-uniform, px per frame; at 256 px the top value is about 36 (60 px/frame at 854 -> 640)"""
    return math.exp(rng.uniform(math.log(0.25), math.log(0.14 * S)))


class Layer:
    """A textured sheet with canonical coordinates u (pixels of its own source picture, cv2 convention).
    Frame t: clip pixel = H_t u, source = u + D_t(u) where D_t is a sum of two sine waves (or zero)."""

    def __init__(self, im, alpha, Hs, rng, wave):
        self.im, self.alpha, self.Hs = im, alpha, Hs
        self.wave = None
        if wave > 0:
            lam = rng.uniform(40, 140, 2)
            th = rng.uniform(0, math.pi, 2)
            self.wave = dict(
                k=np.stack([np.cos(th), np.sin(th)], 1) * 2 * math.pi / lam[:, None],
                amp=rng.normal(0, 1, (2, 2)) * wave * lam[:, None] / 60,
                om=rng.uniform(0.15, 0.9, 2),
                ph=rng.uniform(0, 6.28, 2),
            )

    def disp(self, u, t):
        w = self.wave
        o = np.zeros_like(u)
        for j in range(2):
            o += np.sin(u @ w["k"][j] + w["ph"][j] + w["om"][j] * t)[..., None] * w["amp"][j]
        return o

    def render(self, t, S):
        """(RGB float32 S,S,3, alpha float32 S,S or None); the alpha is 0..1"""
        H = self.Hs[t]
        if self.wave is None:
            f = dict(flags=cv2.INTER_LINEAR)
            im = cv2.warpPerspective(self.im, H, (S, S), borderMode=cv2.BORDER_REFLECT_101, **f)
            al = None if self.alpha is None else cv2.warpPerspective(self.alpha, H, (S, S), **f)
        else:
            g = 8
            n = S // g + 2  # the map on a coarse grid, enlarged bilinearly
            c = (np.arange(n) - 1 + 0.5) * g - 0.5
            p = np.stack(np.meshgrid(c, c), -1)
            q = np.concatenate([p, np.ones((n, n, 1))], -1) @ np.linalg.inv(H).T
            u = q[..., :2] / q[..., 2:]
            m = cv2.resize((u + self.disp(u, t)).astype(np.float32), (n * g, n * g), interpolation=cv2.INTER_CUBIC)[
                g : g + S, g : g + S
            ]
            im = cv2.remap(self.im, m, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
            al = None if self.alpha is None else cv2.remap(self.alpha, m, None, cv2.INTER_LINEAR)
        return im, al

    def forward(self, s, t):
        """source points s (N,2) -> clip pixels in frame t"""
        u = s
        if self.wave is not None:
            for _ in range(12):
                u = s - self.disp(u, t)
        q = np.concatenate([u, np.ones((len(u), 1))], 1) @ self.Hs[t].T
        return q[:, :2] / q[:, 2:]

    def inverse(self, p, t):
        q = np.concatenate([p, np.ones((len(p), 1))], 1) @ np.linalg.inv(self.Hs[t]).T
        u = q[:, :2] / q[:, 2:]
        return u if self.wave is None else u + self.disp(u, t)


def transforms(rng, T, c_src, c_dst, scale, path, rot, zoom, persp, flip, aspect):
    """T homographies source -> clip: centre c_src goes to c_dst + path[t]"""
    a0 = rng.normal(0, 0.25)
    ang = a0 + smooth_scalar(rng, T, rot)
    z = np.exp(smooth_scalar(rng, T, zoom))
    z = np.clip(z, 0.45, 2.2)
    px, py = smooth_scalar(rng, T, persp), smooth_scalar(rng, T, persp)
    shx = smooth_scalar(rng, T, rot * 0.5)
    Hs = []
    for t in range(T):
        c, s = math.cos(ang[t]), math.sin(ang[t])
        A = (
            np.array([[c, -s], [s, c]])
            @ np.array([[1, np.clip(shx[t], -0.3, 0.3)], [0, 1]])
            @ np.diag([flip * scale * z[t] * aspect, scale * z[t] / aspect])
        )
        d = c_dst + path[t]
        P = np.array(
            [
                [A[0, 0], A[0, 1], 0],
                [A[1, 0], A[1, 1], 0],
                [np.clip(px[t], -8e-4, 8e-4), np.clip(py[t], -8e-4, 8e-4), 1],
            ]
        )
        Hs.append(
            np.array([[1, 0, d[0]], [0, 1, d[1]], [0, 0, 1]])
            @ P
            @ np.array([[1, 0, -c_src[0]], [0, 1, -c_src[1]], [0, 0, 1]])
        )
    return Hs


def bounce(path, c, S, m=0.05):
    """reflect the trajectory so that the centre stays inside the clip grown by m"""
    lo, hi = -m * S, (1 + m) * S
    w = hi - lo
    q = np.mod(path + c - lo, 2 * w)
    q = np.where(q > w, 2 * w - q, q)
    return q + lo - c


def jitter(im, rng):
    x = im.astype(np.float32) * rng.uniform(0.7, 1.3) * (
        1 + rng.uniform(-0.1, 0.1, 3).astype(np.float32)
    ) + rng.uniform(-20, 20)
    return np.clip(x, 0, 255).astype(np.uint8)


def line_kernel(v):
    n = int(max(3, min(25, math.ceil(np.linalg.norm(v)) | 1)))
    k = np.zeros((n, n), np.float32)
    c = n // 2
    d = v / max(1e-6, np.abs(v).max()) * min(c, np.abs(v).max() / 2)
    cv2.line(k, tuple(np.round(c - d).astype(int).tolist()), tuple(np.round(c + d).astype(int).tolist()), 1, 1)
    return k / k.sum()


class Clips:
    def __init__(self, size=256, T=10, npts=128, split="train", hard=1.0):
        items, val, pool = load_sources()
        self.items = items if split == "train" else val
        # objects of the held-out clips: the last tenth of the pool is never used for training
        k = int(0.9 * len(pool))
        self.src = items
        self.pool = pool[:k] if split == "train" else pool[k:]
        self.S, self.T, self.n, self.hard = size, T, npts, hard

    def object_layer(self, rng, cam, big=False):
        S, T = self.S, self.T
        pi, (x0, y0, x1, y1), pm = self.pool[rng.integers(len(self.pool))]
        src = self.src[pi]["im"]
        H, W = src.shape[:2]
        a, b = max(0, x0), max(0, y0)
        im = src[b:y1, a:x1]
        al = pm[b - y0 : b - y0 + im.shape[0], a - x0 : a - x0 + im.shape[1]] * 255
        fr = math.exp(rng.uniform(math.log(0.06 if big else 0.008), math.log(0.3)))
        sc = min(math.sqrt(fr * S * S / max(pm.sum(), 1)), 2.5)
        al = cv2.GaussianBlur(cv2.erode(al, np.ones((3, 3), np.uint8)), (0, 0), max(0.6, 0.5 / sc))
        if sc < 0.6:  # anti-aliasing when the source is reduced
            im = cv2.GaussianBlur(im, (0, 0), 0.45 / sc)
        sp = speed(rng, S) * self.hard
        c = rng.uniform(0.12, 0.88, 2) * S
        path = bounce(smooth_path(rng, T, sp), c, S)
        Hs = transforms(
            rng,
            T,
            ((x1 - x0) / 2, (y1 - y0) / 2),
            c,
            sc,
            path,
            *([0.12, 0.1, 2e-4] if rng.random() < 0.7 else [0.3, 0.25, 5e-4]),
            -1 if rng.random() < 0.5 else 1,
            math.exp(rng.uniform(-0.12, 0.12)),
        )
        L = Layer(
            jitter(im, rng),
            al,
            [C @ h for C, h in zip(cam, Hs)],
            rng,
            rng.uniform(0.5, 3) / sc if rng.random() < 0.35 else 0,
        )
        L.vel = np.diff(path, axis=0, prepend=path[:1])
        L.vel[0] = L.vel[1]
        return L

    def make(self, rng):
        """dict(frames T,S,S,3 uint8; xy T,n,2; vis T,n; layer n): every point is visible in the first or the last frame"""
        S, T = self.S, self.T
        it = self.items[rng.integers(len(self.items))]["im"]
        h, w = it.shape[:2]
        # --- camera and background
        sp = speed(rng, S) * 0.5 if rng.random() < 0.85 else 0.0
        path = smooth_path(rng, T, sp, 0.12)
        lim = 0.6 * S
        path = lim * np.tanh(path / lim)
        k = math.exp(rng.uniform(math.log(0.75), math.log(1.7))) * S / 256
        cam = transforms(
            rng,
            T,
            (S / 2, S / 2),
            np.array([S / 2, S / 2]),
            1.0,
            path,
            *([0.02, 0.03, 5e-5] if rng.random() < 0.7 else [0.1, 0.12, 2e-4]),
            1,
            1.0,
        )
        cam = [C @ np.linalg.inv(cam[0]) for C in cam]
        base = np.array(
            [
                [k, 0, S / 2 - k * rng.uniform(0.35, 0.65) * w],
                [0, k, S / 2 - k * rng.uniform(0.35, 0.65) * h],
                [0, 0, 1],
            ]
        )
        if rng.random() < 0.5:
            base = np.array([[-1, 0, S - 1], [0, 1, 0], [0, 0, 1.0]]) @ base
        bg = Layer(
            jitter(it, rng), None, [C @ base for C in cam], rng, rng.uniform(0.5, 2) if rng.random() < 0.15 else 0
        )
        bg.vel = np.diff(path, axis=0, prepend=path[:1])
        bg.vel[0] = bg.vel[1]
        layers = [bg] + [self.object_layer(rng, cam, big=i == 0) for i in range(int(rng.integers(1, 5)))]
        # --- photometric processes
        mb = rng.random() < 0.45
        shutter = rng.uniform(0.2, 0.7)
        gain = np.exp(smooth_scalar(rng, T, rng.uniform(0, 0.12)))
        off = smooth_scalar(rng, T, rng.uniform(0, 8))
        lg = [np.exp(smooth_scalar(rng, T, rng.uniform(0, 0.15))) if rng.random() < 0.5 else np.ones(T) for _ in layers]
        noise = rng.uniform(1, 9) if rng.random() < 0.5 else 0
        nz = rng.normal(0, 1, (S + 16, S + 16, 3)).astype(np.float32) * noise
        jpeg = int(rng.integers(35, 90)) if rng.random() < 0.3 else 0
        soft = rng.uniform(0.4, 1.3) if rng.random() < 0.25 else 0
        shadow = None
        if rng.random() < 0.3:
            shadow = (
                cv2.resize(rng.normal(0, 1, (5, 5)).astype(np.float32), (2 * S, 2 * S), interpolation=cv2.INTER_CUBIC)
                > 0.5
            ).astype(np.float32)
            shadow = 1 - rng.uniform(0.2, 0.55) * cv2.GaussianBlur(shadow, (0, 0), rng.uniform(2, 9))
            sh = smooth_path(rng, T, speed(rng, S) * 0.4)
            sh = np.clip(sh + S / 2, 0, S - 1).astype(int)
        frames = np.empty((T, S, S, 3), np.uint8)
        ids = np.zeros((T, S, S), np.uint8)
        for t in range(T):
            x = None
            for i, L in enumerate(layers):
                im, al = L.render(t, S)
                im = im.astype(np.float32)
                if lg[i][t] != 1:
                    im *= np.float32(lg[i][t])
                if al is not None:
                    ids[t][al > 127] = i
                    al = al.astype(np.float32) / 255
                if mb and np.abs(L.vel[t]).max() * shutter > 3:
                    kk = line_kernel(L.vel[t] * shutter)
                    im = cv2.filter2D(im, -1, kk, borderType=cv2.BORDER_REFLECT_101)
                    if al is not None:
                        al = cv2.filter2D(al, -1, kk)
                if al is None:
                    x = im
                else:
                    al = al[..., None]
                    im -= x
                    im *= al
                    x += im
            if shadow is not None:
                x = x * shadow[sh[t, 1] : sh[t, 1] + S, sh[t, 0] : sh[t, 0] + S, None]
            x = x * np.float32(gain[t]) + np.float32(off[t])
            if soft:
                x = cv2.GaussianBlur(x, (0, 0), soft)
            if noise:
                a, b = rng.integers(0, 16, 2)
                x = x + nz[a : a + S, b : b + S]
            f = np.clip(x, 0, 255).astype(np.uint8)
            if jpeg:
                f = cv2.imdecode(cv2.imencode(".jpg", f, [1, jpeg])[1], 1)
            frames[t] = f
        # --- points, half of them drawn in the first and half in the last frame (for time-reversed use)
        src, lay = [], []
        for t in (0, T - 1):
            for i, L in enumerate(layers):
                m = ids[t] == i
                e = cv2.erode(m.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) if rng.random() < 0.8 else m
                if e.sum() < 30:
                    e = m
                ys, xs = np.nonzero(e)
                if len(ys) < 8:
                    continue
                cnt = int(self.n * 0.5 * (0.35 if i == 0 else 0.65 / (len(layers) - 1)))
                j = rng.integers(0, len(ys), cnt)
                p = np.stack([xs[j], ys[j]], 1) + rng.uniform(-0.5, 0.5, (cnt, 2))
                src.append(L.inverse(p, t))
                lay += [i] * cnt
        src = np.concatenate(src)
        lay = np.array(lay)
        n = len(lay)
        xy = np.empty((T, n, 2), np.float32)
        for i, L in enumerate(layers):
            q = lay == i
            for t in range(T):
                xy[t, q] = L.forward(src[q], t)
        r = np.round(xy).astype(int)
        inside = ((r >= 0) & (r < S)).all(2)
        r = np.clip(r, 0, S - 1)
        vis = inside & (np.stack([ids[t][r[t, :, 1], r[t, :, 0]] for t in range(T)]) == lay)
        return dict(frames=frames, xy=xy + 0.5, vis=vis, inside=inside, layer=lay)


if __name__ == "__main__":
    import time

    out = sys.argv[1] if len(sys.argv) > 1 else "$RUNS/data.jpg"
    d = Clips(256, 10)
    rng = np.random.default_rng(0)
    t = time.process_time()
    cs = [d.make(rng) for _ in range(12)]
    print("CPU-s a clip", (time.process_time() - t) / 12, "visible", np.mean([c["vis"].mean() for c in cs]))
    rows = []
    for c in cs[:5]:
        row = []
        for k in (0, 2, 4, 6, 9):
            v = c["frames"][k].copy()
            for i in range(0, c["xy"].shape[1], 6):
                if c["vis"][0, i]:
                    col = [(255, 0, 0), (0, 255, 0), (0, 255, 255), (255, 0, 255), (255, 255, 0)][c["layer"][i]]
                    p = tuple(np.floor(np.clip(c["xy"][k, i], -50, 400)).astype(int).tolist())
                    cv2.circle(v, p, 3, col, -1 if c["vis"][k, i] else 1)
            row.append(v)
        rows.append(np.concatenate(row, 1))
    cv2.imwrite(out, np.concatenate(rows)[..., ::-1])
    # exactness: the grey value under a track should stay similar where visible and where nothing photometric happens
    e = []
    for c in cs:
        g = [cv2.GaussianBlur(cv2.cvtColor(f, cv2.COLOR_RGB2GRAY), (0, 0), 1).astype(np.float32) for f in c["frames"]]
        for k in range(1, 10):
            q = c["vis"][0] & c["vis"][k]
            if q.any():
                a, b = (cv2.remap(g[z], (c["xy"][z, q] - 0.5).astype(np.float32)[None], None, 1)[0] for z in (0, k))
                e.append(np.corrcoef(a[:, 0] if a.ndim > 1 else a, b[:, 0] if b.ndim > 1 else b)[0, 1])
    print("mean correlation of grey values along tracks", np.nanmean(e))
