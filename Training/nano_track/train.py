"""Training.  train.py OUT --steps N [--init CKPT] [--width 384 --height 224 --T 12 --bptt 6 --batch 3 --points 64 --lr 1e-3]

Runs in slices: OUT/last.pt is written every ten minutes and on SIGTERM, and the same command goes on from there.
Workers render clips and run the frozen encoder; the main process keeps the latest clips' features in a replay buffer
(--buffer clips, bf16) and draws batches from it: each use takes other points and a random time direction.
Data parallel over one-thread processes (--world 2 --rank 0|1, gloo), as multi-threaded oneDNN spins on a busy machine.
"""

import argparse
import copy
import math
import os
import signal
import time
import queue
import threading

os.environ.setdefault("OMP_NUM_THREADS", "1")
import cv2
import numpy as np
import torch
import torch.multiprocessing as mp
import torch.distributed as dist
from model import Tracker, load_encoder, encode, nano_model, MEAN, STD
from clips import Scenes
from losses import step_losses, total

NPTS = 128


def pad_points(c, n=NPTS):
    T, k = c["vis"].shape
    xy = np.zeros((T, n, 2), np.float32)
    vis = np.zeros((T, n), bool)
    lay = np.full(n, 255, np.uint8)
    ins = np.zeros((T, n), bool)
    k = min(k, n)
    xy[:, :k] = c["xy"][:, :k]
    vis[:, :k] = c["vis"][:, :k]
    lay[:k] = c["layer"][:k]
    ins[:, :k] = c["inside"][:, :k]
    return [torch.from_numpy(v) for v in (xy, vis, lay, ins)]


def encoder(width, height, precision):
    """the frozen encoder in OpenVINO (one thread): uint8 frames T,H,W,3 -> c4, p4, p8, e (bf16)"""
    import openvino as ov
    import tempfile
    import warnings

    warnings.filterwarnings("ignore")
    enc = load_encoder()

    class E(torch.nn.Module):
        def __init__(s):
            super().__init__()
            s.enc = enc

        def forward(s, x):
            return encode(s.enc, x)

    with tempfile.TemporaryDirectory() as d:
        torch.onnx.export(E(), (torch.zeros(1, 3, height, width),), d + "/e.onnx", opset_version=17, dynamo=False)
        net = ov.Core().compile_model(
            d + "/e.onnx", "CPU", {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
        )

    def run(frames):
        x = np.ascontiguousarray(((frames.astype(np.float32) - MEAN) / STD).transpose(0, 3, 1, 2))
        o = [net([x[i : i + 1]]) for i in range(len(x))]
        return [torch.cat([torch.from_numpy(r[k]).bfloat16() for r in o]) for k in range(4)]

    return run


def worker(k, a, q):
    torch.set_num_threads(1)
    os.nice(2)
    parent = os.getppid()
    sizes = [(a.width, a.height)] + [(3 * a.width // 64 * 32, 3 * a.height // 64 * 32)] * (a.large > 0)
    features = [encoder(*size, "bf16" if a.bf16 else "f32") for size in sizes]
    d = Scenes(*sizes[0], a.T, NPTS, hard=a.hard, things=a.things, made=a.made)
    i = a.first
    while True:
        rng = np.random.default_rng((a.seed, k, i))
        large = int(rng.random() < a.large)
        try:
            c = clip_of(d, rng, sizes[large], a.enlarged)
        except Exception as e:
            print("clip failed", (a.seed, k, i), repr(e), flush=True)
            i += 1
            continue
        i += 1
        item = (features[large](c["frames"]), *pad_points(c))
        while True:
            try:
                q.put(item, timeout=3)
                break
            except queue.Full:
                if os.getppid() != parent:
                    os._exit(0)  # the trainer has gone


def clip_of(scenes, rng, size, enlarged):
    """a clip of this size (width, height); a share of them made smaller and enlarged, as small videos are in use"""
    small = size
    if rng.random() < enlarged:
        k = rng.uniform(1.3, 2.5)
        small = round(size[0] / k), round(size[1] / k)
    scenes.W, scenes.H = small
    clip = scenes.make(rng)
    if small != size:
        clip["frames"] = np.stack([cv2.resize(f, size, interpolation=cv2.INTER_LINEAR) for f in clip["frames"]])
        clip["xy"] = clip["xy"] * np.float32([size[0] / small[0], size[1] / small[1]])
    return clip


def batch_of(clips, n, gen):
    """clips: list of (features, xy, vis, layer, inside); random direction and points visible in the first frame"""
    fs, XY, V, A = [], [], [], []
    for f, xy, vis, lay, ins in clips:
        rev = gen.random() < 0.5
        if rev:
            f = [v.flip(0) for v in f]
            xy, vis = xy.flip(0), vis.flip(0)
        ok = torch.nonzero(vis[0])[:, 0].numpy()
        if len(ok) == 0:
            ok = np.arange(1)
        # prefer points that get occluded or move: weight 3 for points hidden at some time
        w = 1 + 2.0 * (~vis[:, ok]).any(0).numpy() + 1.0 * (lay[ok] > 0).numpy()
        j = gen.choice(ok, n, replace=len(ok) < n, p=w / w.sum())
        fs.append(f)
        XY.append(xy[:, j])
        V.append(vis[:, j])
        l = lay[j].long()
        if gen.random() < 0.2:
            l = torch.arange(n)  # no groups: every point on its own
        elif gen.random() < 0.35:  # one object against all the rest, as in use
            u = torch.unique(l)
            l = (l == u[int(gen.integers(len(u)))]).long()
            if gen.random() < 0.5:
                l = torch.where(torch.rand(n) < 0.1, 1 - l, l)
        elif gen.random() < 0.25:
            l = torch.where(torch.rand(n) < 0.15, l[torch.randperm(n)], l)  # some points in the wrong group
        m = (l[:, None] == l[None]).float()
        A.append(m / m.sum(1, keepdim=True))
    f = [torch.stack([c[i] for c in fs], 1) for i in range(4)]  # T,B,C,H,W
    return f, torch.stack(XY, 1), torch.stack(V, 1), torch.stack(A)  # T,B,N,2


def run_clip(net, f, xy, vis, A, bf16, bptt=0):
    """track a batch of clips; returns the loss and statistics"""
    T, B = f[0].shape[:2]
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        flat = [v.flatten(0, 1).to(memory_format=torch.channels_last) for v in f]
        F4, F8 = net.head(*[v if bf16 else v.float() for v in flat])
        F4, F8 = F4.unflatten(0, (T, B)).unbind(0), F8.unflatten(0, (T, B)).unbind(0)
        H, W = F8[0].shape[-2:]
        S = torch.tensor([W * 8.0, H * 8.0])
        st = net.start(F4[0], F8[0], xy[0])
        L = dict(heat=0.0, pos=0.0, vis=0.0, unc=0.0)
        E, P, C = [], [], []
        for t in range(1, T):
            if bptt and t > 1 and (t - 1) % bptt == 0:
                st = {k: (v if k in ("q8", "q4") else v.detach()) for k, v in st.items()}
            st, o = net.step(F4[t], F8[t], st, A)
            g = xy[t]
            for k, loss in step_losses(o, g, vis[t].float(), S).items():
                L[k] = L[k] + loss
            E.append((st["x"] - g).norm(dim=-1).detach())
            P.append(o["pv"].detach())
            C.append((o["xs"][0].detach() - g).norm(dim=-1))
    loss = total(L) / (T - 1)
    E, P, C, v = torch.stack(E), torch.stack(P), torch.stack(C), vis[1:]
    loss_, L = float(loss.detach()), {k: (v.detach() if torch.is_tensor(v) else v) for k, v in L.items()}
    s = dict(
        loss=loss_,
        heat=float(L["heat"]) / (T - 1),
        vis=float(L["vis"]) / (T - 1),
        d4=float((E[v] < 4).float().mean()),
        d8=float((E[v] < 8).float().mean()),
        g8=float((C[v] < 8).float().mean()),
        med=float(E[v].median()),
        occ=float(((P > 0.5) == v).float().mean()),
        hid=float((P[~v] <= 0.5).float().mean()) if (~v).any() else float("nan"),
    )
    return loss, s


def main():
    p = argparse.ArgumentParser()
    p.add_argument("out")
    p.add_argument("--steps", type=int, default=1000, help="length of the cosine schedule")
    p.add_argument("--init", help="weights to start from: a checkpoint of this program (its moving average) or a .safetensors file")
    p.add_argument("--width", type=int, default=384)
    p.add_argument("--height", type=int, default=224)
    p.add_argument("--T", type=int, default=12)
    p.add_argument("--bptt", type=int, default=6)
    p.add_argument("--batch", type=int, default=3)
    p.add_argument("--points", type=int, default=64)
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--end", type=float, default=0.02)
    p.add_argument("--warm", type=int, default=40)
    p.add_argument("--workers", type=int, default=1)
    p.add_argument("--buffer", type=int, default=120, help="clips of each size that are kept; 120 of 16 frames, a quarter of them large, took 6.7 GB")
    p.add_argument("--bf16", type=int, default=1)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--hard", type=float, default=1.0)
    p.add_argument("--large", type=float, default=0.0, help="share of clips, and of steps, of 1.5 times the width and height")
    p.add_argument("--window", action="store_true", help="the heat map is computed in its window, as in use; for weights that find points already")
    p.add_argument("--frozen", action="store_true", help="the statistics that the embeddings are centred with stay as they are")
    p.add_argument("--things", type=float, default=0.0, help="share of whole things and cut-outs among the objects")
    p.add_argument("--made", type=float, default=0.0, help="share of clips made of noise")
    p.add_argument("--enlarged", type=float, default=0.0, help="share of clips that are made 1.3 to 2.5 times smaller and enlarged")
    p.add_argument("--ema", type=float, default=0.995)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--stats", type=int, default=60)
    p.add_argument(
        "--reuse", type=float, default=2.5, help="wait for new clips when the mean use of a clip exceeds this"
    )
    p.add_argument("--rank", type=int, default=0)
    p.add_argument("--world", type=int, default=1)
    p.add_argument("--port", type=int, default=29561)
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    a.seed = a.seed * 16 + a.rank
    torch.manual_seed(a.seed)
    gen = np.random.default_rng(a.seed + 99)
    torch.set_num_threads(a.threads)
    mp.set_sharing_strategy("file_system")
    q = mp.get_context("fork").Queue(6)
    last = a.out + "/last.pt"
    state = torch.load(last) if os.path.exists(last) else None
    a.first = state["made"] if state else 0
    ws = [mp.get_context("fork").Process(target=worker, args=(k, a, q), daemon=True) for k in range(a.workers)]
    for w in ws:
        w.start()
    if a.world > 1:
        dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{a.port}", rank=a.rank, world_size=a.world)
    net = Tracker()
    net.windowed = a.window
    if state:
        net.load_state_dict(state["net"])
    elif a.init:
        net.load_state_dict(nano_model.load_weights(a.init) if a.init.endswith(".safetensors") else torch.load(a.init)["ema"])
    ema = copy.deepcopy(net)
    opt = torch.optim.AdamW(net.parameters(), lr=a.lr, betas=(0.9, 0.99), weight_decay=0.01)
    step, seconds = 0, 0.0
    if state:
        ema.load_state_dict(state["ema"])
        opt.load_state_dict(state["opt"])
        step, seconds = state["step"], state["seconds"]
    stop = []
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: stop.append(1))
    buf, made = {}, [0]
    if a.world > 1:
        for w in net.state_dict().values():
            dist.broadcast(w, 0)
    used = [0]

    def fill():
        while True:
            while made[0] > 4 * a.batch and made[0] * a.reuse > used[0] + 16 * a.batch:
                time.sleep(0.02)  # do not render more than needed
            c = q.get()
            c = ([v.clone() for v in c[0]], *[v.clone() for v in c[1:]])
            made[0] += 1
            kept = buf.setdefault(c[0][0].shape, [])  # clips of one size go together
            if len(kept) < a.buffer:
                kept.append(c)
            else:
                kept[made[0] % a.buffer] = c

    threading.Thread(target=fill, daemon=True).start()
    while not any(len(v) >= 2 * a.batch for v in buf.values()):
        time.sleep(0.1)
    t0 = written = time.time()
    acc = {}
    log = open(a.out + "/log.txt", "a")

    def save(name):
        torch.save(
            dict(
                net=net.state_dict(), ema=ema.state_dict(), opt=opt.state_dict(), step=step, args=vars(a), made=a.first + made[0],
                seconds=seconds + time.process_time(),
            ),
            f"{a.out}/{name}.part",
        )
        os.replace(f"{a.out}/{name}.part", f"{a.out}/{name}")

    while True:
        done = torch.tensor(float(step >= a.steps or len(stop)))
        if a.world > 1:
            dist.broadcast(done, 0)
        if done:
            break
        while used[0] > made[0] * a.reuse:
            time.sleep(0.02)
        fr = step / a.steps
        for g in opt.param_groups:
            g["lr"] = a.lr * min(1, (step + 1) / a.warm) * (a.end + (1 - a.end) * 0.5 * (1 + math.cos(math.pi * fr)))
        for m in (net.head.n4, net.head.n8):
            m.momentum = 0.0 if a.frozen else 0.3 if step < 20 else 0.05 if step < a.stats or fr < 0.5 else 0.01
        full = sorted((k for k, v in buf.items() if len(v) >= 2 * a.batch), key=lambda k: k[-1])
        kept = buf[full[int(len(full) > 1 and gen.random() < a.large)]]
        clips = [kept[i] for i in gen.choice(len(kept), a.batch, replace=False)]
        loss, s = run_clip(net, *batch_of(clips, a.points, gen), bool(a.bf16), a.bptt)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        used[0] += a.batch
        if a.world > 1:
            for w in net.buffers():
                if w.dtype.is_floating_point:
                    dist.all_reduce(w)
                    w /= a.world
            ps = [w for w in net.parameters() if w.grad is not None]
            flat = torch.cat([w.grad.reshape(-1) for w in ps])
            dist.all_reduce(flat)
            flat /= a.world
            k = 0
            for w in ps:
                w.grad.copy_(flat[k : k + w.numel()].view_as(w))
                k += w.numel()
        gn = torch.nn.utils.clip_grad_norm_(net.parameters(), 8.0)
        s["gn"] = float(gn)
        if math.isfinite(float(gn)):
            opt.step()
        d = min(a.ema, (step + 1) / (step + 10))
        with torch.no_grad():
            for e, w in zip(ema.parameters(), net.parameters()):
                e.lerp_(w, 1 - d)
            for e, w in zip(ema.buffers(), net.buffers()):
                e.copy_(w)
        for k, v in s.items():
            acc.setdefault(k, []).append(v)
        step += 1
        if a.rank == 0 and (step in (2, 5, 10) or step % 20 == 0):
            m = f"{step} {(time.time() - t0) / 60:.2f} min, processor {(seconds + time.process_time()) / 60:.1f} min, clips {made[0]} " + " ".join(
                f"{k} {np.nanmean(v[-40:]):.3f}" for k, v in acc.items()
            )
            print(m, flush=True)
            log.write(m + "\n")
            log.flush()
        if time.time() - written > 600 and a.rank == 0:
            save("last.pt")
            written = time.time()
    if a.rank == 0:
        save("last.pt")
        if not stop:
            save("final.pt")
        print("done" if not stop else "stopped", step, flush=True)
        os._exit(0)


if __name__ == "__main__":
    main()
