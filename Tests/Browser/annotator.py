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
    """`sampt annotate` on a project of its own, so that it can be killed and come back."""

    started = []

    def __init__(self, program, video, folder, name="test", options=()):
        self.started.append(self)
        self.program, self.video, self.options = program, video, list(options)
        self.project = os.path.join(folder, f"{name}.sampt")
        # Token and port are remembered there, and not in the folder of who runs the tests.
        self.environment = {**os.environ, "SAMPT_STATE": os.path.join(folder, "state")}
        self.start()

    def command(self, *options):
        return [self.program, "annotate", self.video, "-o", self.project, "--no-browser", "--quiet", *self.options, *options]

    def start(self, *options):
        self.process = subprocess.Popen(self.command(*options), stdout=subprocess.PIPE, text=True, env=self.environment)
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

    @classmethod
    def close_all(cls):
        """What a test that failed has left, too."""
        for annotator in cls.started:
            if annotator.process.poll() is None:
                annotator.kill()


class Page:
    """The page as a person has it in front of them."""

    # Keys, on any page.
    pressed = set()

    def __init__(self, context, annotator, complaints):
        self.page = context.new_page()
        self.page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(m.text))
        # The console says that something was refused, and not what.
        self.page.on("response", lambda r: r.status >= 400 and complaints.append(f"{r.status} {r.request.method} {r.url}"))
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

    def wait(self, condition, what, seconds=30):
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

    def tap(self, x, y):
        """A finger."""
        self.page.touchscreen.tap(*self.place(x, y))

    def pointer(self, kind, name, x, y, **fields):
        """An event of a pen or a finger at a pixel of the frame."""
        px, py = self.place(x, y)
        fields = {"pointerId": 7, "pointerType": kind, "isPrimary": True, "bubbles": True, "clientX": px, "clientY": py, **fields}
        self.page.evaluate(
            """([name, fields]) => {
              const canvas = document.getElementById("canvas");
              canvas.setPointerCapture = () => {}; // There is no such pointer to capture.
              canvas.dispatchEvent(new PointerEvent(name, fields));
            }""",
            [name, fields],
        )

    def stroke(self, kind, path, **fields):
        """Pen or finger along a path."""
        self.pointer(kind, "pointerdown", *path[0], button=0, buttons=1, **fields)
        for x, y in path[1:]:
            self.pointer(kind, "pointermove", x, y, buttons=1, **fields)
        self.pointer(kind, "pointerup", *path[-1], **fields)

    def pixel(self, x, y):
        """The colour on the screen at a pixel of the frame."""
        return self.page.evaluate(
            """([x, y]) => {
              const stage = window.sampt.stage;
              const p = stage.camera.toCanvas({ x, y });
              const ratio = window.devicePixelRatio || 1;
              window.looking ??= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
              window.looking.drawImage(stage.canvas, -Math.round(p.x * ratio), -Math.round(p.y * ratio));
              return [...window.looking.getImageData(0, 0, 1, 1).data];
            }""",
            [x, y],
        )

    def pixel_soon(self, place, is_right):
        """The colour there, once it is as it should be."""
        self.wait(lambda: is_right(self.pixel(*place)), f"another colour at {place} than {self.pixel(*place)}", 10)
        return self.pixel(*place)

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

    def box(self, selector):
        """Where that is, once it is there: rows of a list are made anew with what they say."""
        found = []
        self.wait(lambda: found.append(self.page.locator(selector).bounding_box()) or found[-1], f"{selector} in its place")
        return found[-1]

    def press(self, key):
        self.pressed.add(key)
        self.page.keyboard.press(key)

    def show(self, frame):
        self.page.evaluate(f"window.sampt.session.show({frame})")
        self.wait_for_frame(frame)

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
