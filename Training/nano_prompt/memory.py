"""memory.py CKPT: DAVIS-2016 val, every 10th frame from frame 10 on, one decoder pass with degraded points, without and with the appearance
memory of frame 0 (16 positives + 8 negatives of its ground truth).  One thread, OpenVINO."""

import sys
import numpy as np
import cv2
from seg import Segmenter
from evaluate import SEQS, frames, gt_of, positives, negatives, iou, xy_of, ring

S = Segmenter(sys.argv[1], longest=640, precision="bf16", threads=1, memory=True)
R = {}
Q = {}
for si, s in enumerate(SEQS):
    fs, gs = frames(s)
    g = gt_of(gs[0])
    rng = np.random.default_rng((17, si))
    S.encode(cv2.imread(fs[0]))
    ref = S.reference(positives(g, 16, rng), negatives(g, 8, rng))
    for i in range(10, len(fs), 10):
        g = gt_of(gs[i])
        if g.sum() < 50:
            continue
        rng = np.random.default_rng((18, si, i))
        p, q = positives(g, 16, rng), negatives(g, 8, rng)
        S.encode(cv2.imread(fs[i]))
        near, far = xy_of(ring(g, 0.35, 3)), xy_of(~g)

        def wrong(n):  # 60 % in a ring around the object, 40 % anywhere outside
            sets = [near if rng.random() < 0.6 and len(near) else far for _ in range(n)]
            return np.array([a[rng.integers(len(a))] for a in sets], float) + 0.5

        k = rng.permutation(len(p))
        cases = {
            "16 right + 8 negatives": (p, q),
            "11 right + 5 wrong": (np.concatenate([p[k[:11]], wrong(5)]), q),
            "2 right + 4 wrong": (np.concatenate([p[k[:2]], wrong(4)]), q[:0]),
            "2 right": (p[k[:2]], q[:0]),
            "no point": (p[:0], q[:0]),
        }
        for n, (a, b) in cases.items():
            for r in (None, ref):
                v = iou(S.full(S.decode(a, b, None, r)[0]) > 0, g)
                R.setdefault((n, r is not None), []).append(v)
                Q.setdefault((n, r is not None), {}).setdefault(s, []).append(v)
print("frames", len(R[("no point", True)]))
for n in dict.fromkeys(k[0] for k in R):
    print(f"{n:24s} no memory {np.mean(R[(n, False)]):.3f}  memory {np.mean(R[(n, True)]):.3f}")
for s in SEQS:
    print(
        f"  {s:22s}",
        " ".join(f"{np.mean(Q[(n, r)][s]):.3f}" for n in dict.fromkeys(k[0] for k in R) for r in (False, True)),
    )
