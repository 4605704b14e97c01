"""Every key of the help, and a day's work without a pointer."""

import json
import os

from playwright.sync_api import expect

from annotator import Page
from marking import MARKED, NEGATIVE, POSITIVE


class Keyboard:
    def frame(self):
        return self.page.page.evaluate("window.sampt.session.frame")

    def test_keys_of_frames(self):
        page = self.page
        page.focus()
        page.show(50)
        for key, frame in [("ArrowRight", 51), ("Shift+ArrowRight", 61), ("ArrowLeft", 60), ("Shift+ArrowLeft", 50), ("PageDown", 51),
                           ("PageUp", 50), ("End", self.last), ("ArrowRight", self.last), ("Home", 0), ("ArrowLeft", 0)]:
            page.press(key)
            assert self.frame() == frame, f"{key} goes to frame {self.frame()}, not {frame}"
        page.press("g")
        page.page.keyboard.type("33")
        page.press("Enter")
        page.wait_for_frame(33)
        # Back on the picture, and nonsense goes nowhere.
        page.press("ArrowRight")
        assert self.frame() == 34
        page.press("g")
        page.page.keyboard.type("x")
        page.press("Enter")
        assert self.frame() == 34
        anchors = sorted({a for strip in page.page.evaluate("window.sampt.session.timeline.objects") for a in strip["anchors"]})
        page.show(self.last)
        page.press(",")
        assert self.frame() == [a for a in anchors if a < self.last][-1]

    def test_keys_of_objects(self):
        page = self.page
        selected = lambda: page.page.evaluate("window.sampt.session.selected")
        page.show(MARKED)
        page.focus()
        objects = [one["id"] for one in page.state()["objects"]]
        page.press("2")
        assert selected() == objects[1]
        page.press("x")
        assert selected() == objects[2 % len(objects)]
        page.press("1")
        assert selected() == objects[0]
        page.press("F2")
        assert page.page.evaluate("document.activeElement.dataset.focus") == "name-1"
        page.press("Escape")
        page.focus()
        for key, mark, kind in [("v", "Show", "hidden"), ("l", "Lock", "locked")]:
            before = page.page.locator(f'[data-focus="{mark}-1"]').get_attribute("aria-pressed")
            page.press(key)
            assert page.page.evaluate(f"window.sampt.session.{kind}.has(1)")
            expect(page.page.locator(f'[data-focus="{mark}-1"]')).not_to_have_attribute("aria-pressed", before)
            page.press(key)
            assert not page.page.evaluate(f"window.sampt.session.{kind}.has(1)")
        page.press("s")
        assert page.page.evaluate("window.sampt.session.solo") == 1
        page.press("s")
        assert page.page.evaluate("window.sampt.session.solo") is None
        # Order: up, and down again.
        page.press("2")
        page.press("Alt+ArrowUp")
        page.wait(lambda: page.state()["objects"] and page.page.evaluate("window.sampt.session.objects[0].id") == objects[1], "further up")
        page.press("Alt+ArrowDown")
        page.wait(lambda: page.page.evaluate("window.sampt.session.objects[0].id") == objects[0], "further down")
        for _ in range(2):
            page.press("Control+z")
        page.wait(lambda: page.state().get("order") is None, "no order")
        page.press("1")

    def test_keys_of_tools_and_view(self):
        page = self.page
        script = page.page.evaluate
        page.focus()
        for key, tool in [("b", "brush"), ("e", "eraser"), ("o", "lasso"), ("h", "hand"), ("c", "click")]:
            page.press(key)
            expect(page.page.locator("#canvas")).to_have_attribute("data-tool", tool)
            expect(page.page.locator(f'[data-tool="{tool}"][data-key]')).to_have_attribute("aria-pressed", "true")
        for sign in ["minus", "plus"]:
            page.press("q")
            expect(page.page.locator("#canvas")).to_have_attribute("data-sign", sign)
        size = lambda: int(page.page.locator("#brush-size").input_value())
        before = size()
        page.press("]")
        assert size() > before
        page.press("[")
        page.press("[")
        assert size() < before
        page.press("]")
        scale = lambda: script("window.sampt.stage.camera.scale")
        page.press("0")
        whole = scale()
        page.press("+")
        assert abs(scale() / whole - 1.25) < 0.01
        page.press("-")
        assert abs(scale() / whole - 1) < 0.01
        page.press("+")
        page.press("0")
        assert abs(scale() / whole - 1) < 0.001
        page.press("u")
        expect(page.page.locator("#view-outline")).not_to_be_checked()
        page.press("u")
        expect(page.page.locator("#view-outline")).to_be_checked()
        for key, dialog in [("Control+e", "export-dialog"), ("Control+i", "import-dialog"), ("?", "help-dialog")]:
            page.focus()
            page.press(key)
            expect(page.page.locator(f"#{dialog}")).to_be_visible()
            page.press("Escape")
            expect(page.page.locator(f"#{dialog}")).not_to_be_visible()

    def test_clears_a_frame(self):
        page = self.page
        page.show(MARKED)
        page.focus()
        page.press("1")
        anchors = page.state()["objects"][0]["anchors"]
        assert MARKED in anchors
        page.press("Shift+Delete")
        page.wait(lambda: MARKED not in page.state()["objects"][0]["anchors"], "no marks in this frame")
        page.press("Control+z")
        page.wait(lambda: page.state()["objects"][0]["anchors"] == anchors, "its marks are back")

    def test_works_by_keyboard_alone(self):
        """Clicks, tracks, mends, undoes and exports, and no pointer is near."""
        annotator, page = self.fresh("keyboard")
        page.focus()
        self.go_to(page, MARKED)
        page.press("k")
        expect(page.page.locator("#cross-line")).to_contain_text("Enter: click")
        for place in POSITIVE[:2]:
            self.cross_to(page, *place)
            page.press("Enter")
        for place in NEGATIVE[:2]:
            self.cross_to(page, *place)
            page.press("Shift+Enter")
        prompts = lambda frame, object=0: page.masks(frame)["objects"][object]["prompts"]
        page.wait(lambda: page.state()["objects"] and len(prompts(MARKED)["points"]) == 4, "four clicks")
        assert [one["positive"] for one in prompts(MARKED)["points"]] == [True, True, False, False]
        assert len(page.state()["objects"]) == 1
        # Where it is moved and what happens is said.
        self.cross_to(page, 470, 340)
        expect(page.page.locator("#spoken")).to_contain_text("470, 340, on object 1")
        # To the second click, which is moved; to the third, which is taken away.
        page.press("j")
        page.press("j")
        expect(page.page.locator("#spoken")).to_contain_text("Point 2 of 4, yours")
        page.press(" ")
        page.press("Shift+ArrowUp")
        page.press(" ")
        page.wait(lambda: prompts(MARKED)["points"][1]["y"] == POSITIVE[1][1] + 0.5 - 10, "the second click is moved")
        expect(page.page.locator("#spoken")).to_contain_text("Point moved")
        page.wait_for_frame(MARKED)
        for _ in range(3 - 2):
            page.press("j")
        page.press("Delete")
        page.wait(lambda: len(prompts(MARKED)["points"]) == 3, "one click less")
        # What Escape drops is nothing.
        revision = page.state()["revision"]
        page.press(" ")
        page.press("Shift+ArrowDown")
        page.press("Escape")
        assert page.page.evaluate("window.sampt.stage.gesture") is None and page.state()["revision"] == revision
        # Track; mend a frame by moving a tracked point, and with a brush, an eraser and a lasso.
        page.press("Escape")
        assert page.page.evaluate("window.sampt.stage.cross") is None
        for frame in [20, 70]:
            self.go_to(page, frame)
            page.press("r")
        page.press("t")
        page.wait(lambda: page.page.evaluate("Boolean(window.sampt.session.state.propagation)"), "tracking began")
        page.wait(lambda: page.state().get("propagation") is None, "tracking ended", 120)
        self.go_to(page, 30)
        page.press("j")
        expect(page.page.locator("#spoken")).to_contain_text("tracked")
        page.press(" ")
        for _ in range(6):
            page.press("ArrowRight")
        page.press(" ")
        page.wait(lambda: 30 in page.state()["objects"][0]["anchors"], "the moved point marks the frame")
        page.wait_for_frame(30)
        area = page.area(30)
        self.cross_to(page, 700, 100)
        page.press("b")
        page.press(" ")
        self.cross_to(page, 740, 100)
        page.press(" ")
        page.wait(lambda: page.area(30) > area + 40 * 20, "the brush adds")
        page.press("e")
        painted = page.area(30)
        page.press("Enter")
        page.wait(lambda: page.area(30) < painted, "the eraser takes away")
        page.press("o")
        erased = page.area(30)
        for corner in [(800, 100), (840, 100), (840, 140)]:
            self.cross_to(page, *corner)
            page.press("Enter")
        self.cross_to(page, 800, 140)
        page.press(" ")
        page.wait(lambda: page.area(30) == erased + 1600, "the lasso adds")
        for _ in range(4):
            page.press("Control+z")
        page.wait(lambda: 30 not in page.state()["objects"][0]["anchors"], "all of it undone")
        # A box for another object.
        page.press("c")
        page.press("a")
        self.cross_to(page, 20, 380)
        page.press(" ")
        self.cross_to(page, 240, 560)
        page.press(" ")
        page.wait(lambda: len(page.state()["objects"]) == 2 and prompts(30, 1).get("box") == [20.5, 380.5, 240.5, 560.5], "a box")
        page.press("Control+z")
        page.press("Control+z")
        page.wait(lambda: len(page.state()["objects"]) == 1, "one object")
        page.press("k")
        # Export, from the key to the file.
        path = os.path.join(self.folder, "keyboard.json")
        page.press("Control+e")
        page.page.keyboard.type("COCO")
        page.press("Tab")
        page.press("ArrowDown")
        page.press("Tab")
        page.press("Control+a")
        page.page.keyboard.type(path)
        page.press("Enter")
        expect(page.page.locator("#export-message")).to_contain_text("Written", timeout=120_000)
        page.press("Escape")
        with open(path) as file:
            assert len(json.load(file)["annotations"]) > 40
        page.page.close()
        annotator.close()

    @staticmethod
    def go_to(page, frame):
        page.press("g")
        page.page.keyboard.type(str(frame))
        page.press("Enter")
        page.wait_for_frame(frame)

    @staticmethod
    def cross_to(page, x, y):
        """The keyboard's pointer onto a pixel of the frame, by its keys alone."""
        for axis, wanted, keys in [("x", x, ("ArrowLeft", "ArrowRight")), ("y", y, ("ArrowUp", "ArrowDown"))]:
            at = page.page.evaluate(f"window.sampt.stage.cross.{axis}")
            steps = wanted - int(at)
            for many, key in [(abs(steps) // 10, "Shift+"), (abs(steps) % 10, "")]:
                for _ in range(many):
                    page.press(key + keys[steps > 0])
        assert page.page.evaluate("[Math.floor(window.sampt.stage.cross.x), Math.floor(window.sampt.stage.cross.y)]") == [x, y]

    def test_everything_has_a_name(self):
        self.page.focus()
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
