"""export.py CKPT OUTDIR [H W]: tracker.safetensors (fp16, EMA weights) + ONNX: track_head (per frame), track_start (per query),
track_step (per frame, N dynamic); checks OpenVINO against torch and prints latencies."""

import sys
import time
import warnings
import numpy as np
import torch
from torch import nn
from evaluate import load_tracker
from model import D4, D8, DH

warnings.filterwarnings("ignore")
KEYS = ("x", "v", "h", "q8", "r8", "q4", "r4")


class Start(nn.Module):
    def __init__(s, n):
        super().__init__()
        s.n = n

    def forward(s, f4, f8, xy):
        st = s.n.start(f4, f8, xy)
        return tuple(st[k] for k in ("h", "q8", "q4"))


class Step(nn.Module):
    def __init__(s, n):
        super().__init__()
        s.n = n

    def forward(s, f4, f8, A, *st):
        st, o = s.n.step(f4, f8, dict(zip(KEYS, st)), A)
        return tuple(st[k] for k in ("x", "v", "h", "r8", "r4")) + (o["pv"],)


if __name__ == "__main__":
    ck, out = sys.argv[1:3]
    H, W = (int(v) for v in sys.argv[3:5]) if len(sys.argv) > 4 else (384, 640)
    from safetensors.torch import save_file

    net = load_tracker(ck)
    sd = {k: v.half().contiguous() for k, v in net.state_dict().items() if v.dtype.is_floating_point}
    sd.update({k: v for k, v in net.state_dict().items() if not v.dtype.is_floating_point})
    print("finite", all(torch.isfinite(v.float()).all() for v in sd.values()))
    save_file(sd, f"{out}/tracker.safetensors", metadata={"format": "pt"})
    N = 16
    torch.manual_seed(0)
    fs = [torch.randn(1, c, H // s, W // s) for c, s in ((24, 4), (32, 4), (64, 8), (64, 8))]
    with torch.no_grad():
        f4, f8 = net.head(*fs)
        xy = torch.rand(1, N, 2) * torch.tensor([W, H])
        st = net.start(f4, f8, xy)
        A = torch.full((1, N, N), 1 / N)
        ref = Step(net)(f4, f8, A, *[st[k] for k in KEYS])
    ex = dict(opset_version=17, dynamo=False)
    torch.onnx.export(
        net.head,
        tuple(fs),
        f"{out}/track_head.onnx",
        input_names=["c4", "p4", "p8", "e"],
        output_names=["f4", "f8"],
        **ex,
    )
    torch.onnx.export(
        Start(net),
        (f4, f8, xy),
        f"{out}/track_start.onnx",
        input_names=["f4", "f8", "xy"],
        output_names=["h", "q8", "q4"],
        dynamic_axes={k: {1: "N"} for k in ("xy", "h", "q8", "q4")},
        **ex,
    )
    o = ["x1", "v1", "h1", "r8_1", "r4_1", "pv"]
    torch.onnx.export(
        Step(net),
        (f4, f8, A, *[st[k] for k in KEYS]),
        f"{out}/track_step.onnx",
        input_names=["f4", "f8", "A", *KEYS],
        output_names=o,
        dynamic_axes={"A": {1: "N", 2: "N"}, **{k: {1: "N"} for k in (*KEYS, *o)}},
        **ex,
    )
    import openvino as ov

    core = ov.Core()
    for prec in ("f32", "bf16"):
        cfg = {"INFERENCE_PRECISION_HINT": prec, "INFERENCE_NUM_THREADS": 2}
        h, s = (core.compile_model(f"{out}/track_{k}.onnx", "CPU", cfg) for k in ("head", "step"))
        r = s([v.numpy() for v in (f4, f8, A, *[st[k] for k in KEYS])])
        print(
            prec,
            "step: max abs difference to torch",
            [float(np.abs(r[i] - ref[i].numpy()).max().round(5)) for i in range(6)],
        )

        def best(f, n=8):
            f()
            w = []
            for _ in range(n):
                t = time.time()
                f()
                w.append(time.time() - t)
            return 1000 * min(w), 1000 * float(np.median(w))

        print(prec, f"{W}x{H} head ms (min, median) %.1f %.1f" % best(lambda: h([v.numpy() for v in fs])))
        for n in (24, 64, 256):
            xy = torch.rand(1, n, 2) * torch.tensor([W, H])
            with torch.no_grad():
                q = net.start(f4, f8, xy)
            a = [v.numpy() for v in (f4, f8, torch.full((1, n, n), 1 / n), *[q[k] for k in KEYS])]
            print(prec, n, "points, step ms (min, median) %.1f %.1f" % best(lambda: s(a)))
