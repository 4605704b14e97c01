"""The numbers of the annotator (docs/results.md, "Annotator"): needs what `make test-browser` installs.

    .deps/venv-browser/bin/python Benchmarks/annotator.py [PART ...]

PART is start, click, scrub, track or long; all unless given. PROGRAM: the program (.build/release/sampt, with sampt-studio beside it).
VIDEO: the clip. LONG: frames of the long video. For part long, ffmpeg must be on the path.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "Browser"))

from playwright.sync_api import sync_playwright  # noqa: E402

from annotator import Annotator, Page, browser  # noqa: E402

PROGRAM = os.environ.get("PROGRAM", ".build/release/sampt")
VIDEO = os.environ.get("VIDEO", ".deps/bigbuckbunny.mp4")
LONG = int(os.environ.get("LONG", "10000"))
# The demo clip's frames, and a point on its object in frame 60.
FRAMES = 132
MARKED = 60
# Milliseconds that a person looks at a frame before they click.
REST = 400
POINT = (470, 350)


def percentiles(values):
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def megabytes(process):
    """What a process and its children have in memory: their proportional share of it."""
    pids, total = [str(process)], 0
    while pids:
        pid = pids.pop()
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                pids += file.read().split()
        except OSError:
            pass
    return total / 1024


class Session:
    """A session without server and page: `sampt project apply`."""

    def __init__(self, project):
        subprocess.run([PROGRAM, "project", "create", VIDEO, "-o", project, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        command = [PROGRAM, "project", "apply", project, "-"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.say({"edit": "add-object", "object": 1})

    def say(self, line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer
        return answer

    def click(self, frame, x, y):
        # The page has the frame on its screen by then, and the session has read it for the masks there.
        self.say({"ask": "result", "frame": frame})
        time.sleep(REST / 1000)
        began = time.monotonic()
        self.say({"edit": "add-point", "object": 1, "frame": frame, "x": x, "y": y, "positive": True})
        self.say({"ask": "result", "frame": frame})
        return time.monotonic() - began

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Bench:
    def __init__(self, playwright, folder):
        self.playwright, self.folder = playwright, folder
        self.browser = browser(playwright)
        self.complaints = []

    def open(self, name, video=VIDEO, **options):
        annotator = Annotator(PROGRAM, video, self.folder, name)
        context = self.browser.new_context(viewport={"width": 1280, "height": 720}, **options)
        return annotator, Page(context, annotator, self.complaints)

    def start(self):
        """From the program's start to the first frame on the screen; the browser is running."""
        taken = []
        for place in range(6):
            context = self.browser.new_context(viewport={"width": 1280, "height": 720})
            page = context.new_page()
            # The browser makes its page meanwhile.
            time.sleep(1)
            began = time.monotonic()
            annotator = Annotator(PROGRAM, VIDEO, self.folder, "start")
            printed = time.monotonic()
            page.goto(annotator.address)
            page.evaluate(UNTIL % "document.getElementById('canvas').dataset.shown === '0'")
            taken.append((printed - began, time.monotonic() - began))
            context.close()
            annotator.close()
        row("start to the first frame on the screen", "address printed", "frame")
        row("---", "---", "---")
        row("first time (a new project)", *(f"{value:.2f} s" for value in taken[0]))
        row("warm, median of 5", *(f"{statistics.median(values):.2f} s" for values in zip(*taken[1:])))

    def click(self):
        """From a click to its mask on the screen, and the same clicks asked of the session alone, by turns."""
        annotator, page = self.open("click")
        session = Session(os.path.join(self.folder, "alone.sampt"))
        frames = [5 + place for place in range(120)]
        taken = {}
        for kind, (x, y) in [("the first in a frame", POINT), ("a further one", (POINT[0] + 15, POINT[1] + 20))]:
            on_page, alone = taken.setdefault(kind, ([], []))
            for place, frame in enumerate(frames):
                turns = [lambda: on_page.append(self.click_on_page(page, frame, x, y)), lambda: alone.append(session.click(frame, x, y))]
                for turn in turns if place % 2 else reversed(turns):
                    turn()
        page.page.context.close()
        annotator.close()
        session.close()
        row("click to mask", "median", "95 %", "least")
        row("---", "---", "---", "---")
        for kind, values in taken.items():
            for name, list_ in zip((f"on the screen, {kind}", f"session alone, {kind}"), values):
                row(name, *(f"{1000 * value:.0f} ms" for value in percentiles(list_)), f"{1000 * min(list_):.0f} ms")

    def click_on_page(self, page, frame, x, y):
        page.show(frame)
        page.page.wait_for_timeout(REST)
        return page.page.evaluate(CLICK, (x, y))

    def scrub(self):
        """Frames shown a second while the timeline is dragged from end to end in two seconds, and back."""
        annotator, page = self.open("scrub")
        row("scrubbing, 60 pointer moves a second", "frames shown a second", "longest without a new one")
        row("---", "---", "---")
        for name in ["cold", "warm", "warm"]:
            shown, longest = page.page.evaluate(SCRUB)
            row(name, f"{shown:.0f}", f"{longest:.0f} ms")
        page.page.context.close()
        annotator.close()

    def track(self):
        """Frames a second with the page open, against sampt segment, by turns; and what the server does meanwhile."""
        points = ["--frame", str(MARKED), "--point", f"{POINT[0]},{POINT[1]}"]
        ours, theirs, loads, requests = [], [], [], []
        for turn in range(4):
            statistics_path = os.path.join(self.folder, f"{turn}.json")
            began = time.monotonic()
            subprocess.run([PROGRAM, "segment", VIDEO, *points, "--export", f"coco:{statistics_path}", "--quiet"], check=True)
            whole = time.monotonic() - began
            theirs.append(whole)
            annotator, page = self.open(f"track-{turn}")
            page.show(MARKED)
            page.click(*POINT)
            page.wait(lambda: page.area(MARKED) > 0, "a mask")
            page.focus()
            if turn >= 2:
                threads, results = self.load(annotator, turn == 2)
            began = time.monotonic()
            page.press("t")
            page.page.evaluate(UNTIL % "window.sampt.session.state.propagation")
            page.page.evaluate(UNTIL % "!window.sampt.session.state.propagation")
            if turn < 2:
                ours.append(time.monotonic() - began)
            else:
                results["stop"] = True
                for thread in threads:
                    thread.join()
                loads, requests = loads + results["loads"], requests + results["requests"]
                if turn == 2:
                    seconds = time.monotonic() - began
            page.page.context.close()
            annotator.close()
        row("tracking the demo clip", "seconds", "frames a second")
        row("---", "---", "---")
        row("sampt segment, models loaded and masks written", ", ".join(f"{t:.1f}" for t in theirs), f"{FRAMES / statistics.median(theirs):.2f}")
        row("annotator, page open", ", ".join(f"{t:.1f}" for t in ours), f"{FRAMES / statistics.median(ours):.2f}")
        median, most = percentiles(loads)
        print(f"While everything is tracked and two programs ask without a pause ({seconds:.1f} s): {len(requests) / seconds:.0f} requests a second "
              f"(frames, masks, state), median {1000 * statistics.median(requests):.1f} ms.\nWhile everything is tracked, the page with its files "
              f"loads in {1000 * median:.0f} ms (median), {1000 * most:.0f} ms (95 %), {1000 * max(loads):.0f} ms at most, of {len(loads)} loads.")

    def load(self, annotator, is_hard):
        """Hard: a program that looks at one frame after the other, and one that asks for masks and states. Else one that loads the page now and
        then."""
        results = {"stop": False, "loads": [], "requests": []}
        scripts = sorted(name for name in os.listdir("Sources/Annotator/Page") if name.endswith((".js", ".css")))
        files = ["", *(f"page/{name}" for name in scripts), "api/project", "api/state", "api/timeline", "api/frames/0.jpg", "api/masks/0"]

        def ask(*paths):
            place = 0
            while not results["stop"]:
                place += 1
                for path in paths:
                    began = time.monotonic()
                    annotator.get(path.format(place % FRAMES))
                    results["requests"].append(time.monotonic() - began)

        def open_page():
            while not results["stop"]:
                began = time.monotonic()
                for path in files:
                    annotator.get(path)
                results["loads"].append(time.monotonic() - began)
                time.sleep(0.2)

        if is_hard:
            threads = [threading.Thread(target=ask, args=paths) for paths in (["api/frames/{}.jpg"], ["api/masks/{}", "api/state"])]
        else:
            threads = [threading.Thread(target=open_page)]
        for thread in threads:
            thread.start()
        return threads, results

    def long(self):
        """A long video, tracked here and there: memory, what the timeline takes, scrubbing."""
        video = os.path.join(self.folder, "long.mp4")
        subprocess.run(["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", VIDEO, "-frames:v", str(LONG), "-vf", "scale=854:480", "-c:v", "libx264",
                        "-preset", "superfast", video], check=True)
        annotator, page = self.open("long", video)
        page.click(300, 280)
        page.wait(lambda: page.area(0) > 0, "a mask")
        page.page.evaluate("window.sampt.timeline.setRange([0, 300])")
        page.focus()
        page.press("t")
        page.page.evaluate(UNTIL % "window.sampt.session.state.propagation")
        page.page.evaluate(UNTIL % "!window.sampt.session.state.propagation")
        timeline = []
        for _ in range(20):
            began = time.monotonic()
            answer = annotator.get("api/timeline")
            timeline.append(time.monotonic() - began)
        drawing = page.page.evaluate(DRAW)
        before = megabytes(annotator.process.pid)
        shown, longest = page.page.evaluate(SCRUB)
        for frame in range(0, LONG, LONG // 200):
            page.page.evaluate(f"window.sampt.session.show({frame})")
            page.page.wait_for_timeout(20)
        heap = page.page.evaluate("performance.memory.usedJSHeapSize") / (1 << 20)
        pages = self.page_memory()
        row(f"{LONG} frames of 854x480", "")
        row("---", "---")
        row("timeline's answer, median and 95 %", ", ".join(f"{1000 * value:.1f} ms" for value in percentiles(timeline)) + f", {len(answer) / 1000:.0f} kB")
        row("timeline drawn, median and 95 %", ", ".join(f"{value:.1f} ms" for value in percentiles(drawing)))
        row("scrubbed from end to end, cold", f"{shown:.0f} frames a second, {longest:.0f} ms without a new one at most")
        row("server's memory, before and after", f"{before:.0f} MB, {megabytes(annotator.process.pid):.0f} MB")
        row("page's memory: heap of scripts, and the whole process", f"{heap:.0f} MB, {pages:.0f} MB")
        page.page.context.close()
        annotator.close()

    def page_memory(self):
        """The largest process of the browser that shows pages."""
        found = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout.splitlines()
        return max([megabytes(line.split()[0]) for line in found if "--type=renderer" in line], default=0)


UNTIL = """new Promise((done) => {
  const look = () => (%s ? done() : setTimeout(look, 5));
  look();
})"""

CLICK = """async ([x, y]) => {
  const { session, stage } = window.sampt;
  const canvas = document.getElementById("canvas");
  const box = canvas.getBoundingClientRect();
  const p = stage.camera.toCanvas({ x, y });
  const fields = { pointerId: 1, pointerType: "mouse", isPrimary: true, bubbles: true, clientX: box.left + p.x, clientY: box.top + p.y };
  canvas.setPointerCapture = () => {};
  const points = () => (session.masksNow(session.frame)?.objects ?? []).reduce((sum, one) => sum + one.prompts.points.length, 0);
  const before = points();
  const isThere = () => canvas.dataset.frame === String(session.frame) && points() > before;
  // Drawn in an animation frame, and on the screen after it.
  const drawn = new Promise((done) => {
    const observer = new MutationObserver(() => {
      if (!isThere()) return;
      observer.disconnect();
      setTimeout(done, 0);
    });
    observer.observe(canvas, { attributes: true, attributeFilter: ["data-frame"] });
  });
  const began = performance.now();
  canvas.dispatchEvent(new PointerEvent("pointerdown", { ...fields, button: 0, buttons: 1, shiftKey: true }));
  canvas.dispatchEvent(new PointerEvent("pointerup", { ...fields, button: 0, shiftKey: true }));
  await drawn;
  return (performance.now() - began) / 1000;
}"""

SCRUB = """async () => {
  const canvas = document.getElementById("timeline");
  const box = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};
  const { timeline } = window.sampt;
  const event = (name, x) =>
    canvas.dispatchEvent(new PointerEvent(name, { pointerId: 1, pointerType: "mouse", clientX: box.left + x, clientY: box.top + 20, bubbles: true }));
  const times = [];
  const observer = new MutationObserver(() => times.push(performance.now()));
  observer.observe(document.getElementById("canvas"), { attributes: true, attributeFilter: ["data-shown"] });
  const [left, right] = [timeline.xOf(0) + 1, timeline.xOf(window.sampt.session.lastFrame) + 1];
  const began = performance.now();
  event("pointerdown", left);
  let now = began;
  while (now - began < 4000) {
    await new Promise((done) => setTimeout(done, 16));
    now = performance.now();
    const t = ((now - began) / 2000) % 2;
    event("pointermove", left + (right - left) * (t < 1 ? t : 2 - t));
  }
  event("pointerup", left);
  observer.disconnect();
  const gaps = times.map((time, i) => time - (i ? times[i - 1] : began));
  return [(1000 * times.length) / (now - began), Math.max(...gaps, now - (times.at(-1) ?? began))];
}"""

DRAW = """async () => {
  const { timeline } = window.sampt;
  const times = [];
  for (let i = 0; i < 40; i += 1) {
    let began;
    requestAnimationFrame(() => (began = performance.now()));
    timeline.draw();
    await new Promise((done) => requestAnimationFrame(done));
    timeline.context.getImageData(0, 0, 1, 1);
    times.push(performance.now() - began);
  }
  return times;
}"""


def main():
    parts = sys.argv[1:] or ["start", "click", "scrub", "track", "long"]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        bench = Bench(playwright, folder)
        for part in parts:
            print(f"\n{part}\n", flush=True)
            getattr(bench, part)()
        bench.browser.close()


main()
