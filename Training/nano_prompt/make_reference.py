"""make_reference.py OLD-INPUTS WEIGHTS OUTDIR: reference inputs (with a memory) and outputs, float32 PyTorch, one thread; the decoder's outputs also
apart, as Tests/Data/nano-decoder.safetensors has them"""

import sys
import torch
from torch.nn import functional as F
from safetensors.torch import load_file, save_file
from export import load
from model import embed

torch.set_num_threads(1)
i = load_file(sys.argv[1])
n = load(sys.argv[2])
o = {}
with torch.no_grad():
    x = i["network_input"]
    f = n.enc(x)
    o.update(zip(("p4", "p8", "p16", "e"), f))
    p1, p2 = i["points_pass1"], i["points_pass2"]
    K = p1.shape[0]
    z = torch.zeros(K, 1, x.shape[2] // 4, x.shape[3] // 4)
    # memory: the second frame is the mirrored network input; its points are the mirrored points of pass 2
    g = n.enc(x.flip(3).contiguous())
    m = p2.clone()
    m[..., 0] = x.shape[3] - m[..., 0]
    ref = torch.cat([embed(g[3], m), m[..., 2:]], 2)
    i["ref"] = ref
    for tag, r in (("", None), ("_ref", ref)):
        lo, io = n.dec(*f, p1, z, torch.zeros(K), r)
        o["logits_pass1" + tag], o["iou_pass1" + tag] = lo, io
        for k in (2, 3):
            lo, io = n.dec(*f, p2, lo, torch.ones(K), r)
            o[f"logits_pass{k}{tag}"], o[f"iou_pass{k}{tag}"] = lo, io
        if not tag:
            h, w = i["image"].shape[:2]
            s = 224 / max(h, w)
            rh, rw = round(h * s), round(w * s)
            up = F.interpolate(lo, scale_factor=4, mode="bilinear", align_corners=False)[..., :rh, :rw]
            o["logits_full"] = F.interpolate(up, size=(h, w), mode="bilinear", align_corners=False)
    none = torch.zeros_like(ref)
    none[..., 64] = -1
    print(
        "unused memory = none:",
        float((n.dec(*f, p1, z, torch.zeros(K), none)[0] - n.dec(*f, p1, z, torch.zeros(K))[0]).abs().max()),
        {k: (tuple(v.shape), float(v.abs().max())) for k, v in o.items() if "iou" in k or "full" in k},
    )
save_file({k: v.contiguous() for k, v in i.items()}, sys.argv[3] + "/reference_inputs.safetensors")
save_file({k: v.float().contiguous() for k, v in o.items()}, sys.argv[3] + "/reference_outputs.safetensors")
decoder = {k: v.float().contiguous() for k, v in o.items() if "_pass" in k}
save_file(decoder, sys.argv[3] + "/nano-decoder.safetensors")
