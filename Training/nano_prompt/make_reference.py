"""make_reference.py [WEIGHTS [FILE]]: what the Swift tests compare the segmenter with: maps of the encoder and logits and predicted IoU of three passes,
with and without a memory and a target model, in float32 by PyTorch on one thread. The picture and the points are those that FILE has already; the default files are those
of this repository."""

import os
import sys

import torch
from safetensors.torch import load_file, save_file

from export import load
from model import MEAN, STD, embed, target_of

HERE = os.path.dirname(os.path.abspath(__file__))
WEIGHTS = HERE + "/../../Sources/Segmenters/Resources/nano.safetensors"
FILE = HERE + "/../../Tests/Data/nano-prompt.safetensors"


@torch.no_grad()
def main(weights=WEIGHTS, path=FILE):
    torch.set_num_threads(1)
    given = {k: v for k, v in load_file(path).items() if k in ("pixels", "points_pass1", "points_pass2")}
    net, out = load(weights), {}
    x = (given["pixels"].permute(2, 0, 1)[None].float() - MEAN) / STD
    maps = net.enc(x)
    out.update(zip(("p4", "p8", "p16", "e"), maps))
    p1, p2 = given["points_pass1"], given["points_pass2"]
    none = torch.zeros(len(p1)), torch.ones(len(p1))
    # The memory is of the mirrored picture, its points and boxes around the positive ones.
    mirrored = p2.clone()
    mirrored[..., 0] = x.shape[3] - mirrored[..., 0]
    _, m8, _, e = net.enc(x.flip(3).contiguous())
    out["ref"] = torch.cat([embed(e, mirrored), mirrored[..., 2:]], 2)
    out["coverage"] = torch.zeros(len(p1), 1, *m8.shape[2:])
    for k, points in enumerate(mirrored):
        (x0, y0), (x1, y1) = (f(points[points[:, 2] > 0.5, :2]).values for f in (lambda v: v.min(0), lambda v: v.max(0)))
        out["coverage"][k, 0, int(y0) // 8 : int(y1) // 8 + 1, int(x0) // 8 : int(x1) // 8 + 1] = 0.75
    out["target"] = target_of(m8.expand(len(p1), -1, -1, -1), out["coverage"])
    out["p8_mirrored"] = m8
    for tag, ref, target in (("", None, None), ("_ref", out["ref"], out["target"])):
        logits = torch.zeros(len(p1), 1, x.shape[2] // 4, x.shape[3] // 4)
        for k in (1, 2, 3):
            logits, iou = net.dec(*maps, p1 if k == 1 else p2, logits, none[k > 1], ref, target)
            out[f"logits_pass{k}{tag}"], out[f"iou_pass{k}{tag}"] = logits, iou
    save_file({**given, **{k: v.float().contiguous() for k, v in out.items()}}, path + ".part")
    os.chmod(path + ".part", 0o644)
    os.replace(path + ".part", path)
    print(path, {k: v.tolist() for k, v in out.items() if k.startswith("iou")})


if __name__ == "__main__":
    main(*sys.argv[1:])
