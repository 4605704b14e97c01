"""A tablet: fingers and a pen."""

from annotator import Page

MARKED = 60


class Touching:
    def test_tablet(self):
        context = self.browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
        page = self.tablet = Page(context, self.annotator, self.complaints)
        page.show(MARKED)
        # Nothing is cut off, and what is tapped is large enough.
        assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        small = page.page.evaluate(
            """[...document.querySelectorAll("button")].filter((b) => b.offsetParent)
              .filter((b) => Math.min(b.offsetWidth, b.offsetHeight) < 30).map((b) => b.getAttribute("aria-label") ?? b.textContent)"""
        )
        assert not small, f"too small for a finger: {small}"
        self.picture("annotator-tablet", page.page)

    def test_finger_marks(self):
        page = self.tablet
        page.page.locator("#add-object").tap()
        count = len(page.state()["objects"])
        page.tap(900, 340)
        page.wait(lambda: len(page.state()["objects"]) == count + 1, "an object by finger")
        points = lambda: page.masks(MARKED)["objects"][-1]["prompts"]["points"]
        page.wait(lambda: len(points()) == 1, "its point")
        # What a finger says with the minus pressed is not the object.
        page.page.locator("#sign").tap()
        page.tap(700, 600)
        page.wait(lambda: [p["positive"] for p in points()] == [True, False], "a negative point")
        page.page.locator("#sign").tap()
        # So does a finger that rests.
        page.pointer("touch", "pointerdown", 1000, 600, button=0, buttons=1)
        page.page.wait_for_timeout(600)
        page.pointer("touch", "pointerup", 1000, 600)
        page.wait(lambda: [p["positive"] for p in points()] == [True, False, False], "a finger that rests")

    def test_two_fingers_zoom(self):
        page = self.tablet
        before = page.page.evaluate("window.sampt.stage.camera.scale")
        revision = page.state()["revision"]
        page.pointer("touch", "pointerdown", 500, 300, button=0, buttons=1, pointerId=11)
        page.pointer("touch", "pointerdown", 700, 300, button=0, buttons=1, pointerId=12, isPrimary=False)
        page.pointer("touch", "pointermove", 400, 300, buttons=1, pointerId=11)
        page.pointer("touch", "pointermove", 900, 300, buttons=1, pointerId=12, isPrimary=False)
        page.pointer("touch", "pointerup", 400, 300, pointerId=11)
        page.pointer("touch", "pointerup", 900, 300, pointerId=12, isPrimary=False)
        assert page.page.evaluate("window.sampt.stage.camera.scale") > before * 1.4
        assert page.state()["revision"] == revision, "two fingers mark something"
        page.page.keyboard.press("0")

    def test_pen_paints(self):
        page = self.tablet
        page.page.locator('[data-tool="brush"]').tap()
        place = len(page.state()["objects"]) - 1
        before = page.area(MARKED, place)
        page.stroke("pen", [(1000, 100), (1050, 100), (1100, 110)], pressure=0.5)
        page.wait(lambda: page.area(MARKED, place) > before, "the pen paints")
        painted = page.area(MARKED, place)
        # The hand beside it does not.
        revision = page.state()["revision"]
        page.pointer("pen", "pointermove", 1100, 110)
        page.stroke("touch", [(900, 650), (950, 650)], pointerId=21)
        page.page.wait_for_timeout(300)
        assert page.state()["revision"] == revision, "a palm paints"
        # Its other end erases.
        page.pointer("pen", "pointerdown", 1000, 100, button=5, buttons=32, pressure=0.5)
        page.pointer("pen", "pointermove", 1050, 100, buttons=32, pressure=0.5)
        page.pointer("pen", "pointerup", 1050, 100)
        page.wait(lambda: page.area(MARKED, place) < painted, "the pen's other end erases")

    def test_finger_scrubs(self):
        page = self.tablet
        box = page.box("#timeline")
        page.page.touchscreen.tap(box["x"] + 92 + (box["width"] - 102) * 0.5, box["y"] + 20)
        page.wait(lambda: abs(page.page.evaluate("window.sampt.session.frame") - self.last / 2) < 3, "a tap on the timeline")
        page.page.locator("#limit").tap()
        page.page.touchscreen.tap(box["x"] + 92 + (box["width"] - 102) * 0.75, box["y"] + 20)
        page.page.locator("#limit").tap()
        first, last = page.page.evaluate("window.sampt.timeline.range")
        assert first < last and abs(last - 0.75 * self.last) < 4, (first, last)
        page.page.locator("#limit").tap()
        page.page.context.close()
