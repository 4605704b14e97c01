"""gen.py RANK SEED STEPS: writes one file per training step of trainer RANK (SHARDS/r{rank}_{step}.npz; start one per trainer)."""

import os
import sys
import time
import numpy as np
from scenes import Scenes, shape_of

out = os.environ.get("SHARDS", "shards")
r = int(sys.argv[1])
seed = int(sys.argv[2])
n = int(sys.argv[3])
d = Scenes()
t = time.time()
for s in range(n):
    f = f"{out}/r{r}_{s:05d}.npz"
    if os.path.exists(f):
        continue
    W, H, B = shape_of(s)
    im, gt, p, q, _ = d.batch(np.random.default_rng((seed, r, s)), W, H, B, 3)
    np.savez(f + ".tmp.npz", im=im, gt=gt, pts=p, ref=q)
    os.rename(f + ".tmp.npz", f)
    if s % 100 == 0:
        print(r, s, round(time.time() - t), flush=True)
