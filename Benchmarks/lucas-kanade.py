"""Times OpenCV's calcOpticalFlowPyrLK on the frames of a video: python3 lucas-kanade.py VIDEO POINTS

Prints milliseconds per frame for grey levels, pyramids and tracking forwards and back, as LucasKanadeTracker does, with one thread and with
OpenCV's default. Needs opencv-python-headless.
"""
import sys
import time

import cv2
import numpy as np

video, count = sys.argv[1], int(sys.argv[2])
capture = cv2.VideoCapture(video)
frames = []
while len(frames) < 100:
    ok, frame = capture.read()
    if not ok:
        break
    frames.append(frame)
height, width = frames[0].shape[:2]
side = int(np.ceil(np.sqrt(count)))
grid = np.stack(np.meshgrid(np.linspace(40, width - 40, side), np.linspace(40, height - 40, side)), -1).reshape(-1, 1, 2)
points = grid[:count].astype(np.float32)
settings = dict(winSize=(21, 21), maxLevel=3)


def run() -> float:
    start = time.perf_counter()
    previous = cv2.cvtColor(frames[0], cv2.COLOR_BGR2GRAY)
    for frame in frames[1:]:
        current = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        moved, _, _ = cv2.calcOpticalFlowPyrLK(previous, current, points, None, **settings)
        cv2.calcOpticalFlowPyrLK(current, previous, moved, None, **settings)
        previous = current
    return 1000 * (time.perf_counter() - start) / (len(frames) - 1)


for threads in (1, cv2.getNumberOfCPUs()):
    cv2.setNumThreads(threads)
    run()
    print(f"opencv {count} points, {threads} threads: {min(run() for _ in range(3)):.2f} ms a frame")
