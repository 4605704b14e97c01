"""latency.py CKPT [THREADS]: encoder / decoder through OpenVINO, wall and CPU milliseconds (best and median of 10)"""

import sys
import time
import numpy as np
from seg import Segmenter

im = np.random.default_rng(0).integers(0, 255, (480, 854, 3)).astype(np.uint8)
th = int(sys.argv[2]) if len(sys.argv) > 2 else 2
for L in (448, 512, 640):
    for p in ("f32", "bf16"):
        s = Segmenter(sys.argv[1], longest=L, precision=p, threads=th, memory=True)
        T = {"encoder (with resize)": [], "decoder": [], "decoder with memory": []}
        a, b = np.random.rand(16, 2) * 400, np.random.rand(8, 2) * 400
        for i in range(12):
            s.encode(im) if i == 0 else None
            ref = s.reference(a, b)
            for k, f in zip(T, (lambda: s.encode(im), lambda: s.decode(a, b), lambda: s.decode(a, b, None, ref))):
                t = time.time(), time.process_time()
                f()
                T[k].append((time.time() - t[0], time.process_time() - t[1]))
        print(
            f"{s.W}x{s.H} {p} {th} thread(s): "
            + "; ".join(
                f"{k} wall min {v[:,0].min():.0f} median {np.median(v[:,0]):.0f}, CPU min {v[:,1].min():.0f} ms"
                for k, v in ((k, np.array(v[2:]) * 1e3) for k, v in T.items())
            ),
            flush=True,
        )
