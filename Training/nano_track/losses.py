"""What the tracker's training minimises in a frame."""

import torch
from torch.nn import functional as F


def heat_target(xy, size, window):
    """The four cells of stride 8 around points, in a heat map of `window` (columns, rows, first cell) of a picture of `size`: their numbers, their
    bilinear weights, 0 for cells beyond the window. What lies beyond the picture counts as its outermost cell."""
    columns, rows, first = window
    u = xy / 8 - 0.5
    u0 = torch.floor(u)
    fr = u - u0
    idx, w = [], []
    for dy in (0, 1):
        for dx in (0, 1):
            c = torch.minimum((u0 + torch.tensor([dx, dy])).clamp(min=0), size / 8 - 1) - first
            there = ((c >= 0) & (c < torch.tensor([columns, rows]))).all(-1)
            idx.append((c[..., 1] * columns + c[..., 0]).long() * there)
            w.append((fr[..., 0] if dx else 1 - fr[..., 0]) * (fr[..., 1] if dy else 1 - fr[..., 1]) * there)
    return torch.stack(idx, -1), torch.stack(w, -1)


def step_losses(o, g, v, size, known=None):
    """Losses of a step's outputs o where points truly are at g (B,N,2) and visible or not (v, B,N of 0 and 1).
    size: the picture's width and height; known: B,N of 0 and 1, which points have a truth (default: all)."""
    known = torch.ones_like(v) if known is None else known
    v = v * known
    inside = ((g > 0) & (g < size)).all(-1).float()
    nv = v.sum() + 1
    losses = dict(heat=0.0, pos=0.0, vis=0.0, unc=0.0)
    idx, w = heat_target(g, size, o["window"])
    lp = F.log_softmax(o["heat"].float(), -1).gather(-1, idx)
    losses["heat"] = (-(lp * w).sum(-1).clamp(max=20) * v).sum() / nv
    wp = (v + 0.1 * (1 - v) * inside) * known  # hidden points inside the picture count a little
    for i, x in enumerate(o["xs"]):
        hub = F.huber_loss(x.float(), g, reduction="none", delta=4.0).sum(-1) / 4
        hub = torch.where(hub > 12, 12 + 0.1 * (hub - 12), hub)
        k = 0.1 if i == 0 else 0.8 ** (len(o["xs"]) - 1 - i)
        if i:
            # beyond the local windows' reach: little to learn
            k = k * (0.1 + 0.9 * ((o["xs"][i - 1].detach() - g).norm(dim=-1) < 28).float())
        losses["pos"] = losses["pos"] + (hub * wp * k).sum() / nv
    for i, y in enumerate(o["vs"]):
        y = y.float()
        k = 0.8 ** (len(o["vs"]) - 1 - i)
        e = (o["xs"][i + 1].detach() - g).norm(dim=-1)
        seen = F.binary_cross_entropy_with_logits(y[..., 0], v, reduction="none")
        losses["vis"] = losses["vis"] + k * (seen * known).sum() / known.sum().clamp(min=1)
        losses["unc"] = losses["unc"] + k * (F.binary_cross_entropy_with_logits(y[..., 1], (e < 6).float(), reduction="none") * v).sum() / nv
    return losses


def total(losses):
    return losses["heat"] * 0.5 + losses["pos"] * 0.5 + losses["vis"] + losses["unc"] * 0.5
