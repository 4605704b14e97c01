"""export.py CKPT OUTDIR [H W]: fold BatchNorm, write nano.safetensors (fp16) and ONNX encoder / decoder, check them."""

import sys
import torch
import numpy as np
import warnings
from model import Nano, embed, load_weights, widen

warnings.filterwarnings("ignore")


def load(ck):
    n = Nano()
    if ck.endswith(".safetensors"):
        n.fuse()
        n.load_state_dict(widen(load_weights(ck)))
    else:
        sd = torch.load(ck)
        n.load_state_dict(widen(sd["ema"]))
        n.fuse()
    return n.eval()


def export(n, out, H=384, W=640, memory=True):
    x = torch.randn(1, 3, H, W)
    with torch.no_grad():
        f = n.enc(x)
    K = 2
    pts = torch.rand(K, 24, 3) * torch.tensor([W, H, 1.0])
    pts[..., 2] = pts[..., 2].round()
    prev = torch.zeros(K, 1, H // 4, W // 4)
    has = torch.zeros(K)
    torch.onnx.export(
        n.enc,
        (x,),
        f"{out}/encoder.onnx",
        input_names=["image"],
        output_names=["p4", "p8", "p16", "e"],
        opset_version=17,
        dynamo=False,
    )
    torch.onnx.export(
        n.dec,
        (*f, pts, prev, has),
        f"{out}/decoder.onnx",
        input_names=["p4", "p8", "p16", "e", "points", "prev", "has"],
        output_names=["logits", "iou"],
        opset_version=17,
        dynamo=False,
        dynamic_axes={
            "points": {0: "K", 1: "N"},
            "prev": {0: "K"},
            "has": {0: "K"},
            "logits": {0: "K"},
            "iou": {0: "K"},
        },
    )
    if not memory:
        return
    ref = torch.cat([embed(f[3], pts), pts[..., 2:]], 2)  # the same with the appearance memory as an eighth input
    torch.onnx.export(
        n.dec,
        (*f, pts, prev, has, ref),
        f"{out}/decoder_ref.onnx",
        input_names=["p4", "p8", "p16", "e", "points", "prev", "has", "ref"],
        output_names=["logits", "iou"],
        opset_version=17,
        dynamo=False,
        dynamic_axes={
            "points": {0: "K", 1: "N"},
            "prev": {0: "K"},
            "has": {0: "K"},
            "ref": {0: "K", 1: "M"},
            "logits": {0: "K"},
            "iou": {0: "K"},
        },
    )


if __name__ == "__main__":
    ck, out = sys.argv[1:3]
    H, W = (int(v) for v in sys.argv[3:5]) if len(sys.argv) > 4 else (384, 640)
    n = load(ck)
    from safetensors.torch import save_file

    sd = {k: v.half().contiguous() for k, v in n.state_dict().items()}
    print(
        "max |w|",
        max(v.abs().max().item() for v in sd.values()),
        "finite",
        all(torch.isfinite(v).all() for v in sd.values()),
    )
    save_file(sd, f"{out}/nano.safetensors", metadata={"format": "pt"})
    n.load_state_dict({k: v.float() for k, v in sd.items()})  # export what is stored
    export(n, out, H, W)
    # check: the exported graphs against torch
    import onnxruntime as ort

    torch.manual_seed(1)
    x = torch.randn(1, 3, H, W)
    so = ort.SessionOptions()
    so.intra_op_num_threads = 1
    S = {
        k: ort.InferenceSession(f"{out}/{k}.onnx", so, providers=["CPUExecutionProvider"])
        for k in ("encoder", "decoder", "decoder_ref")
    }
    with torch.no_grad():
        f = n.enc(x)
    g = S["encoder"].run(None, {"image": x.numpy()})
    print("encoder max error", [float(abs(a.numpy() - b).max()) for a, b in zip(f, g)])
    for K, N, M in ((1, 24, 24), (3, 10, 5)):
        p = torch.rand(K, N, 3) * torch.tensor([W, H, 3.0])
        p[..., 2] = p[..., 2].floor() - 1
        prev = torch.randn(K, 1, H // 4, W // 4)
        has = (torch.arange(K) % 2 == 0).float()
        q = torch.rand(K, M, 3) * torch.tensor([W, H, 3.0])
        q[..., 2] = q[..., 2].floor() - 1
        ref = torch.cat([embed(f[3], q), q[..., 2:]], 2)
        d = dict(zip(("p4", "p8", "p16", "e", "points", "prev", "has"), [v.numpy() for v in (*f, p, prev, has)]))
        with torch.no_grad():
            for name, a, dd in (
                ("decoder", n.dec(*f, p, prev, has), d),
                ("decoder_ref", n.dec(*f, p, prev, has, ref), dict(d, ref=ref.numpy())),
            ):
                b = S[name].run(None, dd)
                print(
                    name,
                    "K",
                    K,
                    "max error logits",
                    float(abs(a[0].numpy() - b[0]).max()),
                    "iou",
                    float(abs(a[1].numpy() - b[1]).max()),
                    "logit range",
                    float(a[0].abs().max()),
                )
