"""A camera: writes the frames of a YUV4MPEG2 file to standard output at a steady rate, forwards and backwards without end.

    live-source.py FILE RATE SECONDS

A frame whose time has passed because the reader did not take the one before is left out, as a camera would; how many is said at the end.
"""

import sys
import time

path, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
data = open(path, "rb").read()
header, rest = data.split(b"\n", 1)
tags = {word[:1]: word[1:] for word in header.split(b" ")[1:]}
size = len(b"FRAME\n") + int(tags[b"W"]) * int(tags[b"H"]) * 3 // 2
frames = [rest[i : i + size] for i in range(0, len(rest) - size + 1, size)]
order = frames + frames[-2:0:-1]
out = sys.stdout.buffer
out.write(header + b"\n")
# The clock starts when the reader takes the first frame, after it has loaded its models.
out.write(order[0])
out.flush()
start = time.monotonic()
late = 0
for number in range(1, int(rate * seconds)):
    due = start + number / rate
    now = time.monotonic()
    if now > due + 1 / rate:
        late += 1
        continue
    if now < due:
        time.sleep(due - now)
    out.write(order[number % len(order)])
    out.flush()
print(f"live-source: {late} frames left out because the reader was late", file=sys.stderr)
