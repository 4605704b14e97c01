"""RAFT in PyTorch (torchvision's, the architecture of the original): milliseconds of one flow in float32, those of all cores together in parentheses:
raft.py [--width 512] [--height 384] [--rounds 3] [--threads N]

The tracker here computes two flows a frame, there and back (Benchmarks/trackers-speed.sh raft raft-small).
"""
import argparse
import os
import time

import torch

import torchvision_operators  # noqa: F401

from torchvision.models.optical_flow import raft_large, raft_small

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=512)
parser.add_argument("--height", type=int, default=384)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
frames = torch.rand(2, 1, 3, arguments.height, arguments.width) * 2 - 1
for name, build in (("raft", raft_large), ("raft-small", raft_small)):
    model = build().eval()
    times = []
    with torch.no_grad():
        for _ in range(arguments.rounds + 1):
            start = time.perf_counter(), time.process_time()
            model(frames[0], frames[1], num_flow_updates=32)
            times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    wall, processor = (1000 * min(column) for column in zip(*times[1:]))
    print(f"{name}: {wall:.0f} ms ({processor:.0f} ms), torch {torch.__version__}, {torch.get_num_threads()} threads")
