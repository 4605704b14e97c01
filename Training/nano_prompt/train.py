"""train.py OUT --init CKPT --until HH:MM[:SS] --rank 0|1 --world 2 ...   (batches from gen.py in $SHARDS)
Each step: encode B views once; for the B*K targets draw a refinement state (0, 1 or 2 earlier passes, run without
gradients, or a corrupted ground truth standing in for the previous frame's mask), add points at the earlier pass's
errors to some, look up the reference embeddings in the other view of the pair; one decoder pass with gradients."""

import argparse
import copy
import math
import os
import time
import datetime
import torch
import numpy as np
import torch.distributed as dist
from torch.nn import functional as F
from model import Nano, CB, MEAN, STD, embed, up2, widen
from data import NP, NN
from scenes import shape_of

NE = 4  # extra slots for points at errors, per earlier pass


def args():
    a = argparse.ArgumentParser()
    a.add_argument("out")
    a.add_argument("--init")
    a.add_argument("--seed", type=int, default=0)
    a.add_argument("--until", default="")
    a.add_argument("--steps", type=int, default=10**9)
    a.add_argument("--lr", type=float, default=1.5e-3)
    a.add_argument("--blr", type=float, default=2e-4)
    a.add_argument("--warm", type=int, default=60)
    a.add_argument("--ema", type=float, default=0.997)
    a.add_argument("--end", type=float, default=0.01)
    a.add_argument(
        "--freeze",
        type=float,
        default=0.7,
        help="share of the schedule after which BatchNorm uses its running statistics",
    )
    a.add_argument("--rank", type=int, default=0)
    a.add_argument("--world", type=int, default=1)
    a.add_argument("--port", type=int, default=29533)
    return a.parse_args()


def loss_fn(logit, gt):
    """normalised focal BCE + soft dice, per target"""
    x, g = logit.flatten(1), gt.flatten(1)
    bce = F.binary_cross_entropy_with_logits(x, g, reduction="none")
    p = torch.sigmoid(x)
    w = ((p - g).abs().detach() + 0.05) ** 1.5
    nfl = (bce * w).sum(1) / w.sum(1)
    dice = 1 - (2 * (p * g).sum(1) + 1) / ((p * p).sum(1) + (g * g).sum(1) + 1)
    return 0.5 * nfl + bce.mean(1) + dice


def iou_of(logit, gt):
    a, b = logit.flatten(1) > 0, gt.flatten(1) > 0.5
    return (a & b).sum(1).float() / ((a | b).sum(1).float() + 1e-6)


def corrupt(gt, rng):
    """a previous-frame-like mask: shifted, scaled, sometimes eroded / dilated / with blobs; as logits"""
    n, _, h, w = gt.shape
    area = gt.mean((2, 3)).sqrt()[:, 0]  # size relative to the crop
    sh = torch.randn(n, 2) * area[:, None] * 0.25
    sc = torch.exp(torch.randn(n) * 0.1)
    th = torch.zeros(n, 2, 3)
    th[:, 0, 0] = sc
    th[:, 1, 1] = sc
    th[:, :, 2] = sh
    m = F.grid_sample(gt, F.affine_grid(th, gt.shape, align_corners=False), align_corners=False)
    r = torch.rand(n)
    m = torch.where((r < 0.2)[:, None, None, None], F.max_pool2d(m, 5, 1, 2), m)
    m = torch.where((r > 0.8)[:, None, None, None], -F.max_pool2d(-m, 5, 1, 2), m)
    if rng.random() < 0.5:  # low-frequency holes and additions
        z = F.interpolate(torch.randn(n, 1, 6, 6), size=(h, w), mode="bicubic", align_corners=False)
        near = F.max_pool2d(F.avg_pool2d(gt, 9, 1, 4), 9, 1, 4) > 0.02
        m = torch.where((z > 1.1) & near, 1 - m, m)
    m = F.avg_pool2d(m, 3, 1, 1) if rng.random() < 0.6 else m
    return (m * 2 - 1) * (2 + 6 * torch.rand(n, 1, 1, 1))


def error_points(logit, gt, n):
    """n points per target at errors of the earlier pass, inside error regions where there are any: K,n,3 (label -1: no error)"""
    K, _, h, w = gt.shape
    er = ((logit > 0) != (gt > 0.5)).float()
    inner = (F.avg_pool2d(er, 3, 1, 1) > 0.99).float()
    wt = (er * 0.02 + inner).flatten(1)
    ok = er.flatten(1).sum(1) > 12
    j = torch.multinomial(wt + (~ok)[:, None] * 1.0, n, replacement=True)
    lab = (gt.flatten(1).gather(1, j) > 0.5).float()
    x, y = (j % w).float() * 4 + 4 * torch.rand(K, n), torch.div(
        j, w, rounding_mode="floor"
    ).float() * 4 + 4 * torch.rand(K, n)
    return torch.stack([x, y, torch.where(ok[:, None], lab, -torch.ones_like(lab))], 2)


def encode(enc, x):
    """Encoder.forward with the frozen part and the pyramid in bf16, the trained part of the body in float32"""
    b = enc.body
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        c2, c4 = b.low(x)
    c2, c4 = c2.float(), c4.float()
    c8, c16, c32 = b.high(c4)
    with torch.autocast("cpu", torch.bfloat16):
        p32 = enc.l32(c32) + enc.g32(c32.mean((2, 3), keepdim=True))
        p16 = enc.o16(F.relu(enc.l16(c16) + up2(p32)))
        p8 = enc.o8(F.relu(enc.l8(c8) + up2(enc.d8(p16))))
        p4 = enc.o4(F.relu(enc.l4(c4) + enc.s4(c2) + up2(enc.d4(p8))))
        e = enc.emb(p8).float()
    return p4, p8, p16, e / (e.square().sum(1, keepdim=True) + 1e-6).sqrt()


def main():
    a = args()
    os.makedirs(a.out, exist_ok=True)
    shards = os.environ.get("SHARDS", "shards")
    # data parallel over processes with one thread each: oneDNN's multi-threaded backward spins badly on a shared machine
    torch.set_num_threads(1)
    if a.world > 1:
        dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{a.port}", rank=a.rank, world_size=a.world)
    torch.manual_seed(a.seed * 10 + a.rank)
    rng = np.random.default_rng(a.seed * 10 + a.rank)
    net = Nano()
    net.load_state_dict(widen(torch.load(a.init)["ema"]))
    net.to(memory_format=torch.channels_last).train()
    for p in list(net.enc.body.stem.parameters()) + [q for b in net.enc.body.blocks[:3] for q in b.parameters()]:
        p.requires_grad_(False)
    body = [p for p in net.enc.body.parameters() if p.requires_grad]
    ids = {id(p) for p in net.enc.body.parameters()}
    rest = [p for p in net.parameters() if id(p) not in ids]
    allp = body + rest
    opt = torch.optim.AdamW(
        [dict(params=body, lr=a.blr, weight_decay=0.0), dict(params=rest, lr=a.lr, weight_decay=0.01)],
        betas=(0.9, 0.99),
        foreach=True,
    )
    base = [a.blr, a.lr]
    ema = copy.deepcopy(net).eval()
    t0 = time.time()
    t1 = 1e18
    if a.until:
        h = [int(v) for v in a.until.split(":")] + [0]
        now = datetime.datetime.now()
        t1 = now.replace(hour=h[0], minute=h[1], second=h[2], microsecond=0).timestamp()
    acc = {}
    step = 0
    frozen = False
    wait = 0.0
    reused = 0
    log = open(os.path.join(a.out, "log.txt"), "a")
    bns = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]

    def mode(train):
        for m in bns:
            m.train(train and not frozen)

    while True:
        # time-based schedule, so that the run ends annealed at a fixed time
        fr = max(step / a.steps, (time.time() - t0) / (t1 - t0))
        if a.world > 1:  # all ranks must stop at the same step
            q = torch.tensor([fr])
            dist.broadcast(q, 0)
            fr = float(q)
        if fr >= 1:
            break
        if fr > a.freeze and not frozen:
            frozen = True
            mode(True)
        s = min(1, (step + 1) / a.warm) * (a.end + (1 - a.end) * 0.5 * (1 + math.cos(math.pi * fr)))
        for g, b in zip(opt.param_groups, base):
            g["lr"] = b * s
        f = f"{shards}/r{a.rank}_{step:05d}.npz"
        w0 = time.time()
        flip = False
        if not os.path.exists(f) and step > 60:  # generator behind: an old batch of the same shape, mirrored
            c = [
                i
                for i in range(max(0, step - 500), step)
                if shape_of(i) == shape_of(step) and os.path.exists(f"{shards}/r{a.rank}_{i:05d}.npz")
            ]
            if c:
                f = f"{shards}/r{a.rank}_{c[int(rng.integers(len(c)))]:05d}.npz"
                flip = True
                reused += 1
        while not os.path.exists(f):
            time.sleep(0.05)
        z = np.load(f)
        wait += time.time() - w0
        im, gt, pts, rp = (torch.from_numpy(z[v]) for v in ("im", "gt", "pts", "ref"))
        if flip:
            im, gt = im.flip(2), gt.flip(3)
            for p in (pts, rp):
                p[..., 0] = torch.where(p[..., 2] > -0.5, im.shape[2] - p[..., 0], p[..., 0])
        B, K = gt.shape[:2]
        n = B * K
        h4, w4 = gt.shape[2:]
        x = ((im.permute(0, 3, 1, 2).float() - MEAN) / STD).contiguous(memory_format=torch.channels_last)
        gt = gt.flatten(0, 1)[:, None].float() / 255
        pts = pts.flatten(0, 1)
        rp = rp.flatten(0, 1)
        pts = torch.cat([pts, torch.tensor([0, 0, -1.0]).expand(n, 2 * NE, 3)], 1)
        posonly = pts.clone()
        posonly[:, NP:, 2] = -1
        fe = encode(net.enc, x)
        # reference embeddings: sampled in the other view of the pair
        partner = torch.arange(B) ^ 1
        ref = torch.cat([embed(fe[3][partner].repeat_interleave(K, 0), rp), rp[..., 2:]], 2)
        hr = (rp[..., 2] > 0.5).any(1)
        with torch.autocast("cpu", torch.bfloat16):
            fk = [
                (v.bfloat16() if i < 3 else v).repeat_interleave(K, 0).contiguous(memory_format=torch.channels_last)
                for i, v in enumerate(fe)
            ]
            # refinement state per target: 0 first pass, 1 one earlier pass, 2 two earlier passes, 3 previous-frame mask
            st = torch.from_numpy(rng.choice(4, n, p=[0.40, 0.28, 0.12, 0.20]))
            cur = torch.where(
                ((st > 0) & (torch.rand(n) < 0.9) | (torch.rand(n) < 0.15))[:, None, None], pts, posonly
            ).clone()
            prev = torch.zeros(n, 1, h4, w4)
            has = torch.zeros(n)
            with torch.no_grad():
                mode(False)
                i1 = torch.nonzero((st == 1) | (st == 2))[:, 0]

                def errs(i, lo, slot):  # half of the targets get 1..NE points at errors
                    j = torch.nonzero(torch.rand(len(i)) < 0.5)[:, 0]
                    if len(j) == 0:
                        return
                    q = error_points(lo[j], gt[i[j]], NE)
                    q[..., 2] = torch.where(
                        torch.arange(NE)[None] < torch.randint(1, NE + 1, (len(j), 1)), q[..., 2], -torch.ones(())
                    )
                    cur[i[j], slot : slot + NE] = q

                if len(i1):
                    lo, _ = net.dec(*[v[i1].detach() for v in fk], posonly[i1], prev[i1], has[i1], ref[i1].detach())
                    prev[i1] = lo
                    has[i1] = 1
                    errs(i1, lo, NP + NN)
                i2 = torch.nonzero(st == 2)[:, 0]
                if len(i2):
                    lo, _ = net.dec(*[v[i2].detach() for v in fk], cur[i2], prev[i2], has[i2], ref[i2].detach())
                    prev[i2] = lo
                    errs(i2, lo, NP + NN + NE)
                i3 = torch.nonzero(st == 3)[:, 0]
                if len(i3):
                    prev[i3] = corrupt(gt[i3], rng)
                    has[i3] = 1
                mode(True)
            lo, pi = net.dec(*fk, cur, prev, has, ref)
        L = loss_fn(lo, gt)
        io = iou_of(lo.detach(), gt)
        loss = L.mean() + 0.5 * F.mse_loss(pi.float(), io)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        if a.world > 1:
            flat = torch.cat([p.grad.reshape(-1) for p in allp])
            dist.all_reduce(flat)
            flat /= a.world
            o = 0
            for p in allp:
                p.grad.copy_(flat[o : o + p.numel()].view_as(p))
                o += p.numel()
        torch.nn.utils.clip_grad_norm_(allp, 5.0)
        opt.step()
        d = min(a.ema, (step + 1) / (step + 10))
        with torch.no_grad():
            torch._foreach_lerp_([e for e in ema.parameters()], [p.data for p in net.parameters()], 1 - d)
            for e, p in zip(ema.buffers(), net.buffers()):
                if e.dtype.is_floating_point:
                    e.lerp_(p, 1 - d)
        few = (cur[:, :NP, 2] > 0.5).sum(1) < 1
        for k, v in (
            ("loss", loss.item()),
            ("iou0", io[(st == 0) & ~few]),
            ("iou1", io[(st == 1) | (st == 2)]),
            ("iou3", io[st == 3]),
            ("ref", io[hr]),
            ("noref", io[~hr]),
            ("ref_nopos", io[hr & few & (st < 3)]),
            ("pe", (pi.detach().float() - io).abs()),
        ):
            acc.setdefault(k, []).append(
                float(v.mean())
                if torch.is_tensor(v) and len(v)
                else float(v) if not torch.is_tensor(v) else float("nan")
            )
        step += 1
        if a.rank == 0 and (step % 25 == 0 or step in (2, 5, 10)):
            m = (
                f"{step} {(time.time()-t0)/60:.1f}min cpu {time.process_time():.0f}s wait {wait:.0f}s reused {reused} fr {fr:.2f} "
                + " ".join(f"{k} {np.nanmean(v[-100:]):.3f}" for k, v in acc.items())
            )
            print(m, flush=True)
            log.write(m + "\n")
            log.flush()
        if step % 200 == 0 and a.rank == 0:
            torch.save(dict(ema=ema.state_dict(), net=net.state_dict(), step=step), os.path.join(a.out, "last.pt"))
    if a.rank:
        return
    torch.save(dict(ema=ema.state_dict(), net=net.state_dict(), step=step), os.path.join(a.out, "last.pt"))
    torch.save(dict(ema=ema.state_dict(), step=step), os.path.join(a.out, "final.pt"))
    print("done", step, f"cpu {time.process_time():.0f}")


if __name__ == "__main__":
    main()
