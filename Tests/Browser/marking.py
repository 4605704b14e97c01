"""What an annotator does in a day: mark, track, mend, export."""

import json
import os
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
        began = time.monotonic()
        self.annotator.get("page/main.js")
        self.annotator.get("")
        assert time.monotonic() - began < 1, "the page does not load while everything is tracked"
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

    def test_keyboard_alone(self):
        self.page.show(5)
        self.page.focus()
        for key in ["a", "k"]:
            self.page.press(key)
        for key in ["Shift+ArrowLeft"] * 3 + ["ArrowUp", "Enter"]:
            self.page.press(key)
        self.page.wait(lambda: len(self.page.state()["objects"]) == 3, "an object by keyboard")
        self.page.press("Escape")
        self.page.press("ArrowRight")
        self.page.wait_for_frame(6)
        self.page.press("?")
        expect(self.page.page.locator("#help-dialog")).to_be_visible()
        self.picture("annotator-keys")
        self.page.press("Escape")
        for _ in range(60):
            self.page.press("Tab")
            label = self.page.page.evaluate(
                "document.activeElement === document.body || Boolean(document.activeElement.ariaLabel "
                "|| document.activeElement.textContent || document.activeElement.labels?.length)"
            )
            assert label, "something that can be reached by Tab has no name"

    def test_tracking_can_be_cancelled(self):
        self.page.focus()
        self.page.press("t")
        self.page.wait(lambda: (self.page.state().get("propagation") or {}).get("done", 0) > 3, "tracking began")
        self.page.press("Escape")
        self.page.wait(lambda: self.page.state().get("propagation") is None, "cancelled", 30)

    def test_plays(self):
        self.page.show(0)
        self.page.focus()
        self.page.press(" ")
        self.page.wait(lambda: self.page.page.evaluate("window.sampt.session.frame") > 20, "frames go on", 60)
        self.page.press(" ")
        self.picture("annotator")
