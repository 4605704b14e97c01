"""NanoTrack: an online point tracker on top of NanoPrompt's frozen encoder.

Head (once per frame): stride-4 and stride-8 tracking embeddings from the encoder's maps c4, p4, p8, e.
Tracker (once per frame, batched over points): global matching on the stride-8 grid (template correlations + motion
prior -> heat map), then ITERS refinement iterations with local correlation windows at strides 8 and 4 and a gated
recurrent cell whose hidden state is carried over time; points of one object exchange a mean message.
State per point (constant size): position 2, velocity 2, hidden DH, q8 r8 (D8 each), q4 r4 (9 x D4 each).
Shapes: B clips (1 at inference), N points.  Coordinates in input pixels, pixel centres at +0.5."""

import os
import sys
import torch
from torch import nn
from torch.nn import functional as F

NANO_DIR = os.environ.get("NANO_DIR", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "nano_prompt"))
import importlib.util

sys.path.append(NANO_DIR)  # behind ours: for what the segmenter's model.py imports
_s = importlib.util.spec_from_file_location("nano_model", os.path.join(NANO_DIR, "model.py"))
nano_model = importlib.util.module_from_spec(_s)
_s.loader.exec_module(nano_model)
MEAN, STD = nano_model.MEAN, nano_model.STD

D8, D4, DH = 64, 32, 128  # embedding widths, hidden state
R = 3  # local windows are (2R+1) x (2R+1) cells
ITERS = 3
SEARCH = 24  # cells a side of the window that the heat map is computed in


def load_encoder(path=None):
    """the segmenter's encoder (BatchNorm folded), frozen"""
    net = nano_model.Nano().fuse()
    sd = nano_model.load_weights(path or os.environ.get("NANO_WEIGHTS", os.path.join(NANO_DIR, "../../Sources/Segmenters/Resources/nano.safetensors")))
    enc = net.enc.eval()
    enc.load_state_dict({k[4:]: v for k, v in sd.items() if k.startswith("enc.")})
    for p in enc.parameters():
        p.requires_grad_(False)
    return enc


def encode(enc, x, full=False):
    """the encoder with one more output: c4 (24 ch, stride 4, before the pyramid). x: normalised RGB N,3,H,W.
    full: c4, p4, p8, p16, e (for both uses at once)"""
    c2, c4 = enc.body.low(x)
    c8, c16, c32 = enc.body.high(c4)
    up2 = nano_model.up2
    p32 = enc.l32(c32) + enc.g32(c32.mean((2, 3), keepdim=True))
    p16 = enc.o16(F.relu(enc.l16(c16) + up2(p32)))
    p8 = enc.o8(F.relu(enc.l8(c8) + up2(enc.d8(p16))))
    p4 = enc.o4(F.relu(enc.l4(c4) + enc.s4(c2) + up2(enc.d4(p8))))
    e = enc.emb(p8)
    e = e / (e.square().sum(1, keepdim=True) + 1e-6).sqrt()
    return (c4, p4, p8, p16, e) if full else (c4, p4, p8, e)


def unit(x, dim=1):
    return x * torch.rsqrt(x.square().sum(dim, keepdim=True) + 1e-6)


class Centre(nn.BatchNorm2d):
    """(y - running mean) / sqrt(running variance + 1e-5) of y = conv(x), folded into the convolution, in training too
    (the statistics follow the data with `momentum`, without gradient): the same function in training and at inference.
    """

    def fold(self, conv, x):
        m, k = self.running_mean.clone(), torch.rsqrt(self.running_var + self.eps)
        y = F.conv2d(x, conv.weight * k[:, None, None, None], (conv.bias - m) * k)
        if self.training:
            with torch.no_grad():
                v, u = torch.var_mean(y.detach()[..., ::2, ::2].float(), (0, 2, 3))
                if torch.isfinite(v).all():
                    self.running_mean.lerp_(m + u / k, self.momentum)
                    self.running_var.lerp_(v / (k * k), self.momentum)
        return y.float()


class Head(nn.Module):
    def __init__(self, m4=40, m8=64):
        super().__init__()
        self.a4 = nn.Conv2d(24 + 32, m4, 3, padding=1)
        self.b4 = nn.Conv2d(m4, m4, 3, padding=1)
        self.o4 = nn.Conv2d(m4, D4, 1)
        self.a8 = nn.Conv2d(64 + 64, m8, 1)
        self.d8 = nn.Conv2d(m4, m8, 3, 2, 1)
        self.b8 = nn.Conv2d(m8, m8, 3, padding=1)
        self.c8 = nn.Conv2d(m8, m8, 3, padding=1)
        self.o8 = nn.Conv2d(m8, D8, 1)
        # centre the embeddings (fixed statistics at inference, foldable into o4 / o8): otherwise all cosines are near 1
        self.n4 = Centre(D4, affine=False, momentum=0.05)
        self.n8 = Centre(D8, affine=False, momentum=0.05)

    def forward(self, c4, p4, p8, e):
        x = F.relu(self.a4(torch.cat([c4 * 0.1, p4], 1)))
        x = F.relu(x + self.b4(x))
        y = F.relu(self.a8(torch.cat([p8, e * 4], 1)) + self.d8(x))
        y = F.relu(y + self.c8(F.relu(self.b8(y))))
        return unit(self.n4.fold(self.o4, x)), unit(self.n8.fold(self.o8, y))


def cells(xy, stride, k, H, W):
    """the k x k grid cells around points xy (B,N,2) that bilinear samples at xy + stride * (-(k-2)/2 .. (k-2)/2) need:
    flat indices B,N,k*k (clamped at the border) and the common fractions fx, fy (B,N,1,1)"""
    u = xy.float() / stride - 0.5
    u0 = torch.floor(u)
    fr = u - u0
    o = (torch.arange(k) - (k - 2) // 2).float()
    ix = (u0[..., :1] + o).clamp(0, W - 1)
    iy = (u0[..., 1:] + o).clamp(0, H - 1)
    return (iy[..., :, None] * W + ix[..., None, :]).flatten(2).long(), fr[..., :1, None], fr[..., 1:, None]


def blend(p, fx, fy, k):
    """p: B,N,k*k(,C) values at cells() -> bilinear samples B,N,(k-1)^2(,C), row by row"""
    if p.dim() == 4:
        fx, fy = fx[..., None], fy[..., None]
    p = p.unflatten(2, (k, k))
    p = p[:, :, :-1] + fy * (p[:, :, 1:] - p[:, :, :-1])
    return (p[:, :, :, :-1] + fx * (p[:, :, :, 1:] - p[:, :, :, :-1])).flatten(2, 3)


def rows(f):
    """B,C,H,W -> B*H*W,C"""
    return f.permute(0, 2, 3, 1).flatten(0, 2)


def pick(r, idx, B, n):
    """r: B*n,C; idx: B,N,K cell indices -> B,N,K,C"""
    if B > 1:
        idx = idx + (torch.arange(B) * n)[:, None, None]
    return r[idx]


def sample(f, xy, stride, k=2):
    """bilinear samples of f (B,C,H,W) at xy (B,N,2; pixels) + stride * square offsets -> B,N,(k-1)^2,C; border values outside"""
    B, C, H, W = f.shape
    idx, fx, fy = cells(xy, stride, k, H, W)
    return blend(pick(rows(f), idx, B, H * W), fx, fy, k)


class Tracker(nn.Module):
    def __init__(self):
        super().__init__()
        self.windowed = False  # in training, too, the heat map is computed in a window
        self.head = Head()
        K = (2 * R + 1) ** 2
        # global matching: 6 maps -> logit
        self.h1 = nn.Conv2d(6, 16, 3, padding=1)
        self.h2 = nn.Conv2d(16, 1, 3, padding=1)
        self.mix = nn.Parameter(
            torch.tensor([10.0, 5.0, 2.0, 1.0])
        )  # initial weights of corr q, corr r, near prior, far prior
        self.gate = nn.Linear(DH, 5)  # from the hidden state: prior strengths (4), velocity factor
        # refinement
        self.e8 = nn.Linear(K, 64)
        self.e4 = nn.Linear(9 * K, 128)
        self.inp = nn.Linear(2 * 64 + 2 * 128 + 16 + DH, 256)
        self.msg = nn.Linear(256, 64)
        self.mback = nn.Linear(64 + 4, 256)
        self.mid = nn.Linear(256, 256)
        self.z = nn.Linear(256 + DH, DH)
        self.c = nn.Linear(256 + DH, DH)
        self.out = nn.Linear(DH + 256, 4)
        self.h0 = nn.Linear(D8, DH)
        for m in (self.h2, self.gate, self.out):
            nn.init.zeros_(m.weight) if m is not self.h2 else nn.init.normal_(m.weight, 0, 0.01)
            nn.init.zeros_(m.bias)

    def start(self, f4, f8, xy):
        """state of points xy B,N,2 queried in this frame"""
        q8 = sample(f8, xy, 8.0)[:, :, 0]
        q4 = sample(f4, xy, 4.0, 4)
        return dict(x=xy, v=torch.zeros_like(xy), h=torch.tanh(self.h0(q8)), q8=q8, r8=q8, q4=q4, r4=q4)

    def heat(self, f8, st, xp):
        """Heat map on the whole grid, its columns, rows and first cell, the best place, what that was found by, and both correlations.
        In use the map is computed in a window around the best of what correlations and priors alone say."""
        B, C, H, W = f8.shape
        cq, cr = self.correlations(f8, st)
        columns, rows = (torch.arange(n).float().expand(B, xp.shape[1], n) for n in (W, H))
        logit = self.logits(cq, cr, st, xp, columns, rows)[0]
        return logit, (W, H, torch.zeros(2)), *self.soft_maximum(logit, cq, cr, columns, rows, cq.amax(-1, keepdim=True)), cq, cr

    def heat_in_window(self, f8, st, xp):
        B, C, H, W = f8.shape
        cq, cr = self.correlations(f8, st)
        columns, rows = (torch.arange(n).float().expand(B, xp.shape[1], n) for n in (W, H))
        best = self.logits(cq, cr, st, xp, columns, rows, learned=False)[1].argmax(-1, keepdim=True)
        columns, rows = (
            (centre - min(SEARCH, n) // 2).clamp(0, n - min(SEARCH, n)) + torch.arange(min(SEARCH, n)).float()
            for centre, n in (((best % W).float(), W), (torch.div(best, W, rounding_mode="floor").float(), H))
        )
        cells = (rows[..., :, None] * W + columns[..., None, :]).flatten(2).long()
        q, r = cq.gather(2, cells), cr.gather(2, cells)
        logit = self.logits(q, r, st, xp, columns, rows)[0]
        window = columns.shape[2], rows.shape[2], torch.stack([columns[..., 0], rows[..., 0]], -1)
        return logit, window, *self.soft_maximum(logit, q, r, columns, rows, cq.amax(-1, keepdim=True)), cq, cr

    def correlations(self, f8, st):
        ff = f8.flatten(2)
        with torch.autocast("cpu", enabled=False):
            return torch.bmm(st["q8"].float(), ff), torch.bmm(st["r8"].float(), ff)  # B,N,HW

    def logits(self, cq, cr, st, xp, columns, rows, learned=True):
        """of cells whose columns and rows in the grid are B,N,w and B,N,h: logits, and what correlations and priors alone say (B,N,hw each)"""
        B, N, W = columns.shape
        H = rows.shape[2]
        a = 2 * torch.sigmoid(self.gate(st["h"]).float())

        def gauss(c, s):
            return (
                torch.exp(-(((rows + 0.5) * 8 - c[..., 1:]) ** 2) / (2 * s * s))[..., None]
                * torch.exp(-(((columns + 0.5) * 8 - c[..., :1]) ** 2) / (2 * s * s))[..., None, :]
            ).flatten(2)

        near, far = gauss(xp, 12.0) * a[..., 0:1], gauss(st["x"], 48.0) * a[..., 1:2]
        aq, ar = cq * a[..., 2:3], cr * a[..., 3:4]
        plain = self.mix[0] * aq + self.mix[1] * ar + self.mix[2] * near + self.mix[3] * far
        if not learned:
            return None, plain
        m = (
            torch.stack([cq, cr, near, far, aq, ar], -1).reshape(B * N, H, W, 6).permute(0, 3, 1, 2)
        )  # channels last in memory
        o = self.h2(F.relu(self.h1(m))).reshape(B, N, H * W).float()
        return o * 4 + plain, plain

    def soft_maximum(self, logit, cq, cr, columns, rows, best):
        """soft-argmax within 2.5 cells of the maximum (pixels), and what it was found by"""
        W, H = columns.shape[2], rows.shape[2]
        p = torch.softmax(logit, -1)
        k = p.argmax(-1, keepdim=True)
        kx, ky = (k % W).float(), torch.div(k, W, rounding_mode="floor").float()
        gx, gy = torch.arange(W).float().repeat(H), torch.arange(H).float().repeat_interleave(W)
        pm = p * (((gx - kx) ** 2 + (gy - ky) ** 2) < 6.3).float()
        mass = pm.sum(-1, keepdim=True)
        gx, gy = columns.repeat(1, 1, H), rows.repeat_interleave(W, 2)
        x = torch.cat(
            [(pm * (gx + 0.5) * 8).sum(-1, keepdim=True), (pm * (gy + 0.5) * 8).sum(-1, keepdim=True)], -1
        ) / (mass + 1e-8)
        return x, torch.cat([mass, cq.gather(-1, k), cr.gather(-1, k), best], -1)

    def step(self, f4, f8, st, A):
        """one frame. A: B,N,N row-normalised adjacency of points of the same object (identity-free mean is fine).
        Returns the new state and outputs: heat logits, positions of all stages, visibility / certainty logits."""
        K = (2 * R + 1) ** 2
        x0 = st["x"]
        vf = torch.sigmoid(self.gate(st["h"])[..., 4:5] + 1)
        xp = x0 + vf * st["v"]
        logit, window, xg, stats, cq, cr = (self.heat if self.training and not self.windowed else self.heat_in_window)(f8, st, xp)
        xgd = xg.detach()
        stats = stats.detach()
        x = xgd
        h = st["h"]
        xs, vs = [xg], []
        S = 2 * R + 2
        B = f4.shape[0]
        n4w = f4.shape[2] * f4.shape[3]
        r4w = rows(f4).float()
        k4 = torch.cat([st["q4"], st["r4"]], 2).float().transpose(2, 3)
        for _ in range(ITERS):
            i8, fx, fy = cells(
                x, 8.0, S, *f8.shape[2:]
            )  # correlation maps are sampled, not features (the same by linearity)
            c8 = torch.stack([blend(c.gather(2, i8), fx, fy, S) for c in (cq, cr)], -1)  # B,N,K,2
            i4, fx, fy = cells(x, 4.0, S, *f4.shape[2:])
            with torch.autocast("cpu", enabled=False):
                c4 = blend(pick(r4w, i4, B, n4w) @ k4, fx, fy, S)  # B,N,K,18
            c4q, c4r = c4[..., :9], c4[..., 9:]
            geo = torch.cat([(x - xp) / 32, (x - xgd) / 16, (xgd - xp) / 64, (xp - x0) / 32, stats], -1)
            ctr = torch.stack([c8[..., K // 2, 0], c8[..., K // 2, 1], c4q[..., K // 2, 4], c4r[..., K // 2, 4]], -1)
            geo = torch.cat([geo[..., :8].clamp(-4, 4), geo[..., 8:], ctr], -1)
            c8, c4q, c4r = [(c - c.mean(2, keepdim=True)) * 3 for c in (c8, c4q, c4r)]
            u = torch.cat(
                [
                    F.relu(self.e8(c8[..., 0])),
                    F.relu(self.e8(c8[..., 1])),
                    F.relu(self.e4(c4q.flatten(2))),
                    F.relu(self.e4(c4r.flatten(2))),
                    geo,
                    h,
                ],
                -1,
            )
            u = F.relu(self.inp(u))
            m = torch.cat([F.relu(self.msg(u)), ((x - x0) / 32).clamp(-4, 4), ((x - xp) / 32).clamp(-4, 4)], -1)
            mean = A.to(m.dtype) @ m
            dm = torch.cat(
                [mean[..., :64], m[..., 64:] - mean[..., 64:]], -1
            )  # own motion relative to the object's mean motion
            u = F.relu(u + self.mback(dm))
            u = F.relu(u + self.mid(u))
            uh = torch.cat([u, h], -1)
            z = torch.sigmoid(self.z(uh))
            h = (1 - z) * h + z * torch.tanh(self.c(uh))
            o = self.out(torch.cat([h, u], -1)).float()
            x = x + o[..., :2] * 8
            xs.append(x)
            vs.append(o[..., 2:])
            x = x.detach()
        pv = torch.sigmoid(vs[-1]).detach()
        pv = pv[..., :1] * pv[..., 1:]  # visible and certain
        v = 0.5 * st["v"] + 0.5 * (x - x0)
        v = v * (0.7 + 0.3 * pv)
        n8 = sample(f8, x, 8.0)[:, :, 0]
        n4 = sample(f4, x, 4.0, 4)
        a = 0.3 * (pv > 0.5).float() * pv
        r8 = unit(st["r8"] + a * (n8 - st["r8"]), 2)
        r4 = st["r4"] + a[..., None] * (n4 - st["r4"])
        return dict(x=x, v=v, h=h, q8=st["q8"], r8=r8, q4=st["q4"], r4=r4), dict(
            heat=logit, window=window, xs=xs, vs=vs, pv=pv[..., 0]
        )


if __name__ == "__main__":
    t = Tracker()
    print(
        "parameters: head", sum(p.numel() for p in t.head.parameters()), "all", sum(p.numel() for p in t.parameters())
    )
