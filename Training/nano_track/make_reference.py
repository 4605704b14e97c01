"""make_reference.py TRACKER.safetensors OUTDIR: reference_inputs.safetensors / reference_outputs.safetensors
A held-out synthetic clip of 4 frames 150x250; float32 PyTorch, one thread, from the fp16 weight files."""

import sys
import numpy as np
import cv2
import torch
from safetensors.torch import save_file
import model as M
from evaluate import load_tracker

torch.set_num_threads(1)


@torch.no_grad()
def main(ck, out):
    from clips import Scenes

    d = Scenes(250, 150, 4, 96, split="val")
    for k in range(100):  # a clip with a moving object of at least 8 visible points and some that get hidden
        c = d.make(np.random.default_rng((4242, k)))
        v, l = c["vis"], c["layer"]
        best = [g for g in range(1, int(l.max()) + 1) if (v[0] & (l == g)).sum() >= 12]
        if best and (v[0] & (l == 0)).sum() >= 8 and (~v[1:, v[0]]).any():
            break
    i = np.concatenate([np.flatnonzero(v[0] & (l == best[0]))[:12], np.flatnonzero(v[0] & (l == 0))[:8]])
    L = 224
    s = L / 250
    rh, rw = round(150 * s), round(250 * s)
    H, W = -(-rh // 32) * 32, -(-rw // 32) * 32
    x = np.zeros((4, 3, H, W), np.float32)
    for t in range(4):
        x[t, :, :rh, :rw] = (
            (cv2.resize(c["frames"][t], (rw, rh), interpolation=cv2.INTER_AREA).astype(np.float32) - M.MEAN) / M.STD
        ).transpose(2, 0, 1)
    x = torch.from_numpy(x)
    enc = M.load_encoder()
    net = load_tracker(ck)
    k = torch.tensor([rw / 250, rh / 150])
    g = torch.tensor([1] * 12 + [0] * 8)
    xy = torch.from_numpy(c["xy"][0, i]) * k
    A = (g[:, None] == g[None]).float()
    A = A / A.sum(1, keepdim=True)
    fs = [M.encode(enc, x[t : t + 1]) for t in range(4)]
    hs = [net.head(*f) for f in fs]
    st = net.start(*hs[0], xy[None])
    X, P, S = [st["x"][0]], [torch.ones(20)], {f"start_{n}": v[0] for n, v in st.items()}
    G = [torch.zeros(20, 2)]
    V = [torch.zeros(20, 2)]
    for t in range(1, 4):
        st, o = net.step(*hs[t], st, A[None])
        X.append(st["x"][0])
        P.append(o["pv"][0])
        G.append(o["xs"][0][0])
        V.append(o["vs"][-1][0])
    c4, p4, p8, e = (torch.cat([f[j] for f in fs]) for j in range(4))
    f4, f8 = (torch.cat([h[j] for h in hs]) for j in range(2))
    save_file(
        {
            k: v.contiguous().clone()
            for k, v in dict(
                frames=torch.from_numpy(c["frames"].copy()),
                network_input=x,
                c4=c4,
                p4=p4,
                p8=p8,
                e=e,
                xy=xy,
                groups=g.int(),
                true_xy=torch.from_numpy(c["xy"][:, i].copy()) * k,
                true_visible=torch.from_numpy(v[:, i].astype(np.uint8)),
            ).items()
        },
        out + "/reference_inputs.safetensors",
    )
    save_file(
        {
            k: v.contiguous().clone()
            for k, v in dict(
                f4=f4,
                f8=f8,
                x=torch.stack(X),
                pv=torch.stack(P),
                heat_xy=torch.stack(G),
                logits_vis_sure=torch.stack(V),
                **S,
                **{f"end_{n}": v[0].clone() for n, v in st.items()},
            ).items()
        },
        out + "/reference_outputs.safetensors",
    )
    print(
        "points",
        len(i),
        "input",
        tuple(x.shape),
        "error px",
        (torch.stack(X) - torch.from_numpy(c["xy"][:, i]) * k)
        .norm(dim=-1)[1:][torch.from_numpy(v[1:, i])]
        .median()
        .item(),
        "pv",
        torch.stack(P)[1:].mean(1).tolist(),
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
