"""The list of objects: names, categories, order, colours; what a window shows, locks, or shows alone."""

from playwright.sync_api import expect

from marking import MARKED


class Objects:
    def test_names_and_categories(self):
        page = self.page.page
        for field, text in [("name-1", "rabbit"), ("category-1", "animal"), ("category-2", "animal")]:
            locator = page.locator(f'[data-focus="{field}"]')
            locator.fill(text)
            locator.press("Enter")
        self.page.wait(lambda: [o.get("category") for o in self.page.state()["objects"][:2]] == ["animal", "animal"], "both categories")
        assert self.page.state()["objects"][0]["name"] == "rabbit"
        # What was typed before is offered.
        assert page.locator("#categories option").count() == 1
        # Escape takes back what is being typed.
        locator = page.locator('[data-focus="name-1"]')
        locator.fill("nonsense")
        locator.press("Escape")
        expect(page.locator('[data-focus="name-1"]')).to_have_value("rabbit")
        self.page.focus()

    def test_shows_locks_and_shows_alone(self):
        page = self.page.page
        self.page.show(MARKED)
        inside = self.inside(MARKED, 0)
        self.page.press("0")
        with_mask = self.page.pixel(*inside)
        page.locator('[data-focus="Show-1"]').click()
        without = self.page.pixel_soon(inside, lambda found: found != with_mask)
        page.locator('[data-focus="Solo-2"]').click()
        assert self.page.pixel(*inside) == without
        page.locator('[data-focus="Solo-1"]').click()
        self.page.pixel_soon(inside, lambda found: found == with_mask)
        page.locator('[data-focus="Solo-1"]').click()
        page.locator('[data-focus="Show-1"]').click()
        self.page.pixel_soon(inside, lambda found: found == with_mask)
        # A locked object takes no clicks, and says why.
        page.locator('[data-focus="swatch-1"]').click()
        page.locator('[data-focus="Lock-1"]').click()
        points = len(self.page.masks(MARKED)["objects"][0]["prompts"]["points"])
        self.page.focus()
        self.page.click(700, 100)
        expect(page.locator("#message")).to_contain_text("is locked")
        assert len(self.page.masks(MARKED)["objects"][0]["prompts"]["points"]) == points
        page.locator('[data-focus="Lock-1"]').click()
        self.page.focus()
        self.page.press("v")
        expect(page.locator('[data-focus="Show-1"]')).to_have_attribute("aria-pressed", "false")
        self.page.press("v")

    def inside(self, frame, place):
        """A pixel of an object's mask."""
        return self.page.page.evaluate(
            """async ([frame, place]) => {
              const { RunMask } = await import("/page/runs.js");
              const masks = await (await fetch(`api/masks/${frame}`)).json();
              const runs = [];
              new RunMask(masks.objects[place].rle).forEachRun((x, first, end) => runs.push([x, first, end]));
              const [x, first, end] = runs.sort((a, b) => b[2] - b[1] - a[2] + a[1])[0];
              return [x + 0.5, Math.floor((first + end) / 2) + 0.5];
            }""",
            [frame, place],
        )

    def test_order_says_what_lies_on_top(self):
        page = self.page.page
        ids = [one["id"] for one in self.page.state()["objects"]]
        assert self.page.state().get("order") is None and ids[:2] == [1, 2]
        swapped = [2, 1, *ids[2:]]
        # By keyboard, and back.
        page.locator('[data-focus="swatch-2"]').click()
        self.page.focus()
        self.page.press("Alt+ArrowUp")
        self.page.wait(lambda: self.page.state().get("order") == swapped, "the second object on top")
        expect(page.locator("#objects [data-object]").first).to_have_attribute("data-object", "2")
        # A new object lies on top, and what is clicked is its.
        self.page.press("a")
        self.page.click(900, 340)
        new = len(ids)
        self.page.wait(lambda: len(self.page.masks(MARKED)["objects"]) > new and self.page.area(MARKED, new) > 0, "another object's mask")
        for _ in range(2):
            self.page.press("Control+z")
        self.page.wait(lambda: self.page.state().get("order") == swapped, "the order of before")
        # Dragged by its swatch.
        page.locator('[data-focus="swatch-2"]').click()
        box = self.page.box('[data-focus="swatch-2"]')
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y + 70, steps=6)
        page.mouse.up()
        self.page.wait(lambda: self.page.state().get("order") == ids, "the first object on top")
        for _ in range(2):
            self.page.press("Control+z")
        self.page.wait(lambda: self.page.state().get("order") is None, "no order")

    def test_colour(self):
        page = self.page.page
        page.locator('[data-focus="swatch-2"]').click()
        before = self.page.state()["objects"][1]["color"]
        # The browser's own picker has no page: what it would do is done.
        page.evaluate("HTMLInputElement.prototype.click = function () { this.value = '#12ab34'; this.dispatchEvent(new Event('change')); }")
        page.locator('[data-focus="swatch-2"]').click()
        self.page.wait(lambda: self.page.state()["objects"][1]["color"] == "#12AB34", "another colour")
        page.evaluate("delete HTMLInputElement.prototype.click")
        self.page.focus()
        self.page.press("Control+z")
        self.page.wait(lambda: self.page.state()["objects"][1]["color"] == before, "the colour of before")

    def test_removing_is_undone(self):
        page = self.page.page
        objects = self.page.state()["objects"]
        page.locator('[data-focus="Remove-2"]').click()
        self.page.wait(lambda: len(self.page.state()["objects"]) == len(objects) - 1, "one object less")
        expect(page.locator("#message")).to_contain_text("is removed")
        self.page.focus()
        self.page.press("Control+z")
        self.page.wait(lambda: self.page.state()["objects"] == objects, "it is back")

    def test_a_long_list(self):
        """Keys go by the numbers that are seen, and a selection makes no row anew but the two that it is about."""
        annotator, page = self.fresh("many-objects")
        script = page.page.evaluate
        many = 300
        script("many => window.sampt.session.edit({ edit: 'group', edits: Array(many).fill({ edit: 'add-object' }) })", many)
        expect(page.page.locator("#objects [data-object]")).to_have_count(many, timeout=30_000)
        script("window.sampt.session.edit({ edit: 'order-objects', objects: window.sampt.session.objects.map(({ id }) => id).reverse() })")
        expect(page.page.locator("#objects [data-object]").first).to_have_attribute("data-object", str(many))
        page.focus()
        page.press("9")
        assert script("window.sampt.session.selected") == 9
        kept, took = script(
            """() => {
              const rows = () => [...document.querySelectorAll("#objects [data-object]")];
              const before = new Set(rows());
              const began = performance.now();
              window.sampt.session.select(3);
              const took = performance.now() - began;
              return [rows().filter((row) => before.has(row)).length, took];
            }"""
        )
        assert kept == many - 2, f"{many - kept} rows are new"
        expect(page.page.locator('[data-object="3"]')).to_have_attribute("aria-current", "true")
        expect(page.page.locator('[data-object="9"]')).to_have_attribute("aria-current", "false")
        page.page.close()
        annotator.close()
        return f"a selection among {many} objects takes {took:.1f} ms"

    def test_frames_to_look_at(self):
        page = self.page.page
        review = page.evaluate("fetch('api/timeline').then(r => r.json())")["review"]
        frames = sorted({one["frame"] for one in review})
        assert frames, "there is nothing to look at"
        self.page.show(0)
        self.page.focus()
        seen = []
        for _ in frames:
            self.page.press("n")
            seen.append(page.evaluate("window.sampt.session.frame"))
        later = [frame for frame in frames if frame > 0]
        assert seen[: len(later)] == later, f"N goes to {seen}, flags are {frames}"
        self.page.show(frames[-1])
        self.page.press("p")
        assert page.evaluate("window.sampt.session.frame") == (frames[-2] if len(frames) > 1 else frames[-1])
        expect(page.locator("#review-text")).to_contain_text("to look at")
        # A click on a flag goes there, too.
        frame = frames[0]
        x = page.evaluate(f"window.sampt.timeline.xOf({frame} + 0.5) + document.getElementById('timeline').getBoundingClientRect().left")
        y = self.page.box("#timeline")["y"] + 6
        page.mouse.click(x + 3, y)
        self.page.wait_for_frame(frame)
        # So does . to what a person marked.
        self.page.show(0)
        self.page.focus()
        self.page.press(".")
        anchors = sorted({a for strip in page.evaluate("window.sampt.session.timeline.objects") for a in strip["anchors"]})
        assert page.evaluate("window.sampt.session.frame") == next(a for a in anchors if a > 0)
