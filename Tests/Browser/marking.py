"""What an annotator does in a day: mark, track, mend, export."""

import json
import os
import shutil
import subprocess
import sys
import time

from playwright.sync_api import expect

from annotator import Page

MARKED = 60
POSITIVE = [(450, 150), (470, 350), (260, 160)]
NEGATIVE = [(205, 380), (165, 490), (655, 460)]


class Marking:
    def test_opens(self):
        began = time.monotonic()
        self.page = Page(self.context, self.annotator, self.complaints)
        print(f"  first frame after {time.monotonic() - began:.2f} s")
        assert "token" not in self.page.page.url, "the token stays in the address"
        assert self.page.state()["objects"] == []

    def test_click_gives_a_mask(self):
        self.page.show(MARKED)
        self.page.click(*POSITIVE[0])
        self.page.wait(lambda: self.page.area(MARKED) > 1000, "a mask after a click")
        for x, y in POSITIVE[1:]:
            self.page.click(x, y, shift=True)
        for x, y in NEGATIVE:
            self.page.click(x, y, button="right")
        self.page.wait(lambda: len(self.page.masks(MARKED)["objects"][0]["prompts"]["points"]) == 6, "six clicks")
        assert len(self.page.state()["objects"]) == 1
        self.picture("annotator-click")

    def test_tracks_both_ways(self):
        self.page.focus()
        self.page.press("t")
        self.page.wait(lambda: (self.page.state().get("propagation") or {}).get("done", 0) > 20, "frames on the way")
        took = []
        for _ in range(7):
            began = time.monotonic()
            for path in ["", "page/main.js", "page/page.css", "api/project", "api/state"]:
                self.annotator.get(path)
            took.append(time.monotonic() - began)
        assert sorted(took)[3] < 0.2, f"the page loads slowly while everything is tracked: {took}"
        self.picture("annotator-tracking")
        self.page.wait(lambda: self.page.state().get("propagation") is None, "tracking ended", 300)
        assert self.page.area(0) > 500 and self.page.area(self.last) > 500
        assert self.page.is_current()

    def test_exports_what_the_command_line_gives(self):
        ours = os.path.join(self.folder, "page.json")
        self.page.page.locator("#export").click()
        self.page.page.locator("#export-format").select_option("coco")
        self.page.page.locator("input[value=path]").check()
        self.page.page.locator("#export-path").fill(ours)
        self.page.page.locator("#export-start").click()
        expect(self.page.page.locator("#export-message")).to_contain_text("Written", timeout=120_000)
        self.page.page.locator("#export-close").click()
        theirs = os.path.join(self.folder, "segment.json")
        points = [word for x, y in POSITIVE for word in ("--point", f"{x},{y}")]
        points += [word for x, y in NEGATIVE for word in ("--negative", f"{x},{y}")]
        command = [self.program, "segment", self.video, "--frame", str(MARKED), *points, "--export", f"coco:{theirs}", "--quiet"]
        subprocess.run(command, check=True)
        masks = [[(a["image_id"], a["segmentation"]) for a in json.load(open(path))["annotations"]] for path in (ours, theirs)]
        others = [one[0] for one, other in zip(*masks) if one != other]
        assert masks[0] == masks[1], f"other masks than sampt segment: {len(masks[0])} and {len(masks[1])}, in images {others[:20]}"

    def test_downloads(self):
        self.page.page.locator("#export").click()
        self.page.page.locator("#export-format").select_option("davis")
        self.page.page.locator("input[value=download]").check()
        with self.page.page.expect_download(timeout=120_000) as download:
            self.page.page.locator("#export-start").click()
        path = os.path.join(self.folder, "masks.zip")
        download.value.save_as(path)
        self.page.page.locator("#export-close").click()
        subprocess.run([sys.executable, "-m", "zipfile", "-t", path], check=True, stdout=subprocess.DEVNULL)

    def test_downloads_have_the_name_of_the_video(self):
        video = os.path.join(self.folder, "兎 1.mp4")
        shutil.copy(self.video, video)
        annotator, page = self.fresh("names", video=video)
        page.click(*POSITIVE[0])
        page.wait(lambda: page.area(0) > 1000, "a mask")
        page.page.locator("#export").click()
        page.page.locator("#export-format").select_option("coco")
        page.page.locator("input[value=download]").check()
        with page.page.expect_download(timeout=120_000) as download:
            page.page.locator("#export-start").click()
        assert download.value.suggested_filename == "兎 1.json", download.value.suggested_filename
        page.page.close()
        annotator.close()

    def test_mends_a_frame(self):
        frame = self.last - 20
        self.page.show(frame)
        before = self.page.area(frame)
        other = self.page.area(0)
        self.page.click(655, 460, button="right")
        self.page.wait(lambda: len(self.page.masks(frame)["objects"][0]["prompts"]["points"]) == 1, "the correction's click")
        assert not self.page.is_current(), "a correction leaves its neighbours out of date"
        self.page.focus()
        self.page.track()
        assert self.page.is_current()
        assert self.page.area(0) == other, "a frame beyond the next marked one has changed"
        print(f"  mask of frame {frame}: {before} -> {self.page.area(frame)} pixels")

    def test_moves_and_removes_a_click(self):
        self.page.show(MARKED)
        points = lambda: self.page.masks(MARKED)["objects"][0]["prompts"]["points"]
        before = points()
        self.page.focus()
        self.page.press("1")
        self.page.drag(POSITIVE[0], (POSITIVE[0][0] + 20, POSITIVE[0][1] + 10))
        self.page.wait(lambda: points() != before, "the click is moved")
        moved = points()[0]
        assert moved["id"] == before[0]["id"] and abs(moved["x"] - POSITIVE[0][0] - 20) < 1 and abs(moved["y"] - POSITIVE[0][1] - 10) < 1
        assert points()[1:] == before[1:]
        self.page.wait_for_frame(MARKED)
        # A click on it chooses it; Delete takes it away, and then there is nothing to take away.
        self.page.click(moved["x"], moved["y"])
        self.page.press("Delete")
        self.page.wait(lambda: points() == before[1:], "the click is gone")
        self.page.press("Delete")
        expect(self.page.page.locator("#message")).to_contain_text("Click on a point first")
        assert points() == before[1:]
        for _ in range(2):
            self.page.press("Control+z")
        self.page.wait(lambda: points() == before, "undone")

    def test_drags_a_tracked_point(self):
        frame = 30
        self.page.show(frame)
        points = [p for p in self.page.masks(frame)["objects"][0]["points"] if p["visible"] and p["positive"]]
        point = points[0]
        self.page.drag((point["x"], point["y"]), (point["x"] + 12, point["y"] + 6))
        self.page.wait(lambda: frame in self.page.state()["objects"][0]["anchors"], "the dragged point marks the frame")

    def test_undo_and_redo(self):
        anchors = self.page.state()["objects"][0]["anchors"]
        self.page.focus()
        self.page.press("Control+z")
        self.page.wait(lambda: self.page.state()["objects"][0]["anchors"] != anchors, "undo")
        assert self.page.is_current(), "what was undone is up to date at once"
        self.page.press("Control+Shift+Z")
        self.page.wait(lambda: self.page.state()["objects"][0]["anchors"] == anchors, "redo")
        self.page.press("Control+z")
        self.page.wait(lambda: self.page.state()["objects"][0]["anchors"] != anchors, "undo")

    def test_brush_and_eraser(self):
        self.page.show(10)
        before = self.page.area(10)
        self.page.focus()
        self.page.press("b")
        self.page.drag((60, 60), (160, 60))
        self.page.wait(lambda: self.page.area(10) > before, "the brush adds")
        grown = self.page.area(10)
        self.page.press("e")
        self.page.drag((100, 60), (160, 60))
        self.page.wait(lambda: self.page.area(10) < grown, "the eraser takes away")
        self.page.press("o")
        size = self.page.area(10)
        px, py = self.page.place(700, 80)
        self.page.page.mouse.move(px, py)
        self.page.page.mouse.down()
        for corner in [(780, 80), (780, 140), (700, 140)]:
            self.page.page.mouse.move(*self.page.place(*corner), steps=4)
        self.page.page.mouse.up()
        self.page.wait(lambda: self.page.area(10) > size, "the lasso adds")
        # They stay to be seen: those that take away with dashes.
        strokes = self.page.masks(10)["objects"][0]["prompts"]["strokes"]
        assert [(one["erases"], one.get("radius") is None) for one in strokes] == [(False, False), (True, False), (False, True)]
        self.page.wait_for_frame(10)
        self.page.page.mouse.move(5, 5)
        line = (740.5, 80.5)
        seen = self.page.pixel(*line)
        self.page.page.locator("#view-points").uncheck()
        self.page.pixel_soon(line, lambda found: found != seen)
        self.page.page.locator("#view-points").check()
        self.page.pixel_soon(line, lambda found: found == seen)
        self.picture("annotator-brush")
        self.page.press("c")

    def test_box_makes_a_second_object(self):
        self.page.show(MARKED)
        self.page.press("a")
        self.page.drag((20, 380), (240, 560))
        self.page.wait(lambda: len(self.page.state()["objects"]) == 2, "a second object")
        name = self.page.page.locator('[data-focus="name-2"]')
        name.fill("stone")
        name.press("Enter")
        self.page.wait(lambda: self.page.state()["objects"][1]["name"] == "stone", "its name")
        self.picture("annotator-objects")

    def test_reload_loses_nothing(self):
        before = (self.page.state()["objects"], self.page.masks(MARKED)["objects"])
        self.page.page.reload()
        self.page.wait_for_frame(0)
        assert (self.page.state()["objects"], self.page.masks(MARKED)["objects"]) == before

    def test_two_tabs(self):
        other = Page(self.context, self.annotator, self.complaints)
        field = other.page.locator('[data-focus="name-1"]')
        field.fill("rabbit")
        field.press("Enter")
        expect(self.page.page.locator('[data-focus="name-1"]')).to_have_value("rabbit", timeout=10_000)
        # What is marked in one is on the screen of the other, and what is undone there is gone here.
        here, there = self.page.page, other.page
        known = f"(session => session.masksNow({MARKED})?.objects[0].prompts.points.length ?? -1)(window.sampt.session)"
        self.page.show(MARKED)
        other.show(MARKED)
        before = here.evaluate(known)
        point = {"edit": "add-point", "object": 1, "frame": MARKED, "x": POSITIVE[0][0] + 30, "y": POSITIVE[0][1] + 25, "positive": True}
        there.evaluate("edit => window.sampt.session.edit(edit)", point)
        self.page.wait(lambda: here.evaluate(known) == before + 1 == there.evaluate(known), "the other tab's point")
        self.page.focus()
        self.page.press("Control+z")
        self.page.wait(lambda: here.evaluate(known) == before == there.evaluate(known), "undone in both tabs")
        other.page.close()

    def known(self, page, place=0):
        """The frames of which something is known of an object."""
        return page.page.evaluate(
            "place => fetch('api/timeline').then(r => r.json()).then(({ objects }) => [...atob(objects[place].frames)].flatMap("
            "(c, frame) => (c.charCodeAt(0) ? [frame] : [])))",
            place,
        )

    def test_tracks_a_range_one_way_and_keeps_what_is_cancelled(self):
        annotator, page = self.fresh("ranges")
        page.show(MARKED)
        page.click(450, 250)
        page.wait(lambda: page.area(MARKED) > 1000, "a mask")
        page.focus()

        def run(key):
            page.press(key)
            page.wait(lambda: page.page.evaluate("Boolean(window.sampt.session.state.propagation)"), "tracking began", 10)
            page.wait(lambda: page.state().get("propagation") is None, "tracking ended", 120)

        # Limited, and forwards: from the marked frame to the end of the range.
        for frame in [MARKED - 4, MARKED + 8]:
            page.show(frame)
            page.press("r")
        assert page.page.evaluate("window.sampt.timeline.range") == [MARKED - 4, MARKED + 8]
        page.show(MARKED)
        run("f")
        assert self.known(page) == list(range(MARKED, MARKED + 9)), self.known(page)
        run("d")
        assert self.known(page) == list(range(MARKED - 4, MARKED + 9)), self.known(page)
        page.press("Escape")
        assert page.page.evaluate("window.sampt.timeline.range") is None
        # Not limited, backwards from here: to the first frame, and cancelled on the way.
        page.press("d")
        page.wait(lambda: (page.state().get("propagation") or {}).get("done", 0) > 5, "frames on the way")
        page.press("Escape")
        page.wait(lambda: page.state().get("propagation") is None, "cancelled", 30)
        kept = self.known(page)
        assert len(kept) > 13 and kept == list(range(kept[0], MARKED + 9)), f"cancelled, {kept} are there"
        assert 0 < kept[0] < MARKED - 4, "nothing was cancelled"
        masks = [page.area(frame) for frame in kept[::5]]
        assert all(masks)
        # The same again goes on from there, and what was there stays.
        run("d")
        assert self.known(page) == list(range(MARKED + 9))
        assert [page.area(frame) for frame in kept[::5]] == masks
        page.page.close()
        annotator.close()

    def test_undo_cancels_tracking_and_keeps_what_is_done(self):
        annotator, page = self.fresh("undoing")
        page.click(*POSITIVE[0])
        page.wait(lambda: page.area(0) > 1000, "a mask")
        page.focus()
        page.press("t")
        page.wait(lambda: (page.state().get("propagation") or {}).get("done", 0) > 5, "frames on the way")
        page.press("Control+z")
        page.wait(lambda: page.state().get("propagation") is None, "cancelled", 30)
        expect(page.page.locator("#message")).to_contain_text("Tracking is cancelled")
        kept = self.known(page)
        assert len(kept) > 5 and kept == list(range(len(kept))), f"cancelled, {kept} are there"
        assert len(kept) < self.last, "nothing was cancelled"
        # What was cancelled is taken back by a further one, and comes again.
        page.press("Control+z")
        page.wait(lambda: self.known(page) == [0], "what was tracked is taken back")
        page.press("Control+Shift+Z")
        page.wait(lambda: self.known(page)[: len(kept)] == kept, "and is back")
        # An edit that was made meanwhile is what undo takes back: tracking goes on.
        page.press("t")
        page.wait(lambda: page.page.evaluate("Boolean(window.sampt.session.state.propagation)"), "tracking began")
        count = len(page.state()["objects"])
        page.page.evaluate("window.sampt.session.edit({ edit: 'add-object' })")
        page.press("Control+z")
        page.wait(lambda: len(page.state()["objects"]) == count, "the edit is taken back")
        page.wait(lambda: page.state().get("propagation") is None, "tracking ended", 120)
        assert page.is_current(), "tracking was cancelled by the undo of an edit"
        page.page.close()
        annotator.close()

    def test_tracking_can_be_cancelled(self):
        self.page.focus()
        before = set(self.known(self.page, 1))
        self.page.press("t")
        self.page.wait(lambda: (self.page.state().get("propagation") or {}).get("done", 0) > 3, "tracking began")
        self.page.press("Escape")
        self.page.wait(lambda: self.page.state().get("propagation") is None, "cancelled", 30)
        assert set(self.known(self.page, 1)) >= before

    def test_plays(self):
        """At the video's rate: what is here is shown in its time, no frame twice."""
        page = self.page.page
        self.page.show(0)
        self.page.focus()
        # What is played is loaded before, so that the rate is the page's.
        frames = 40
        for frame in range(0, frames + 12, 12):
            self.page.show(frame)
        self.page.show(0)
        top, bottom = page.evaluate("window.sampt.session.project.video.rate")
        self.page.press(" ")
        times, stuck = page.evaluate(
            """(frames) => new Promise((done) => {
              const times = [];
              const { session } = window.sampt;
              const limit = setTimeout(() => {
                const next = session.frame + 1;
                const [picture, masks] = [session.pictureNow(next), session.masksNow(next)].map(Boolean);
                done([times, { next, picture, masks, playing: session.isPlaying, hidden: document.hidden }]);
              }, 30000);
              const look = (now) => {
                const { frame } = session;
                if (times.at(-1)?.[0] !== frame) times.push([frame, now]);
                if (frame < frames) return requestAnimationFrame(look);
                clearTimeout(limit);
                done([times, null]);
              };
              requestAnimationFrame(look);
            })""",
            frames,
        )
        assert stuck is None, f"playing stands still: {stuck}"
        self.page.press(" ")
        assert page.evaluate("window.sampt.session.isPlaying") is False
        shown = [frame for frame, _ in times]
        assert shown == sorted(set(shown))
        rate = 1000 * (shown[-1] - shown[0]) / (times[-1][1] - times[0][1])
        assert 0.75 < rate / (top / bottom) < 1.1, f"{rate:.1f} frames a second, of {top / bottom:.1f}"
        self.picture("annotator")
        return f"{rate:.1f} frames a second"
