"""Starts and ends the annotator, and opens its page in a real browser."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request

from playwright.sync_api import expect


class Annotator:
    """`sampt annotate` on a project of its own, on one port, so that it can be killed and come back."""

    def __init__(self, program, video, folder, port=0):
        self.program, self.video, self.port = program, video, port
        self.project = os.path.join(folder, "test.sampt")
        self.start()

    def start(self):
        command = [self.program, "annotate", self.video, "-o", self.project, "--no-browser", "--quiet", "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:"), f"no address: {self.address!r}"
        self.port = int(self.address.split(":")[2].split("/")[0])
        self.token = self.address.split("token=")[1]

    def get(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def json(self, path):
        return json.loads(self.get(path))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=60)


class Page:
    """The page as a person has it in front of them."""

    def __init__(self, context, annotator, complaints):
        self.page = context.new_page()
        self.page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(m.text))
        self.page.on("pageerror", lambda e: complaints.append(str(e)))
        self.page.goto(annotator.address)
        self.wait_for_frame(0)
        with contextlib.suppress(Exception):
            self.page.locator("#hint-close").click(timeout=500)

    # Looking

    def wait_for_frame(self, number, timeout=60_000):
        expect(self.page.locator("#canvas")).to_have_attribute("data-frame", str(number), timeout=timeout)

    def state(self):
        return self.page.evaluate("fetch('api/state').then(r => r.json())")

    def masks(self, frame):
        return self.page.evaluate(f"fetch('api/masks/{frame}').then(r => r.json())")

    def area(self, frame, place=0):
        """Pixels of an object's mask; 0: it is not seen."""
        objects = self.masks(frame)["objects"]
        rle = objects[place].get("rle") if place < len(objects) else None
        return 0 if rle is None else sum(counts(rle["counts"])[1::2])

    def wait(self, condition, what, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds} s: {what}")

    # Doing

    def place(self, x, y):
        """Where a pixel of the frame is on the screen."""
        return self.page.evaluate(
            """([x, y]) => {
              const box = document.getElementById("canvas").getBoundingClientRect();
              const p = window.sampt.stage.camera.toCanvas({ x, y });
              return [box.left + p.x, box.top + p.y];
            }""",
            [x, y],
        )

    def click(self, x, y, shift=False, **options):
        px, py = self.place(x, y)
        if shift:
            self.page.keyboard.down("Shift")
        self.page.mouse.click(px, py, **options)
        if shift:
            self.page.keyboard.up("Shift")

    def drag(self, a, b, steps=8):
        (x0, y0), (x1, y1) = self.place(*a), self.place(*b)
        self.page.mouse.move(x0, y0)
        self.page.mouse.down()
        self.page.mouse.move(x1, y1, steps=steps)
        self.page.mouse.up()

    def press(self, key):
        self.page.keyboard.press(key)

    def focus(self):
        self.page.locator("#canvas").focus()

    def track(self, seconds=300):
        """Tracks all and waits for the end."""
        self.press("t")
        self.wait(lambda: self.state().get("propagation") is not None or self.is_current(), "tracking began")
        self.wait(lambda: self.state().get("propagation") is None, "tracking ended", seconds)

    def is_current(self):
        timeline = self.page.evaluate("fetch('api/timeline').then(r => r.json())")
        return all(not strip["outdated"] for strip in timeline["objects"])


def counts(text):
    """COCO's compressed counts."""
    numbers, position = [], 0
    while position < len(text):
        value = shift = 0
        while True:
            group = ord(text[position]) - 48
            value |= (group & 31) << shift
            shift += 5
            position += 1
            if not group & 32:
                break
        if group & 16:
            value |= -1 << shift
        numbers.append(value + numbers[-2] if len(numbers) > 2 else value)
    return numbers


def browser(playwright):
    path = shutil.which("chromium") or shutil.which("google-chrome")
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
