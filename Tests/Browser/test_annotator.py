"""The annotator in a real browser: what an annotator does in a day, and what goes wrong, in a few minutes.

    python Tests/Browser/test_annotator.py PROGRAM VIDEO OUT [NAME ...]

OUT gets the screenshots that the guide shows, as JPEGs. With names, only the tests are run whose name has one of them (the first always is). Ends with
"N passed, N failed".
"""

import os
import sys
import tempfile
import time
import traceback

from playwright.sync_api import sync_playwright

from annotator import Annotator, Page, browser
from haste import Haste
from imports import Imports
from keyboard import Keyboard
from looking import Looking
from marking import Marking
from objects import Objects
from timeline import Timeline
from touching import Touching
from trouble import Trouble


class Tests:
    """In order: each goes on from where the one before left the project."""

    parts = [Marking, Objects, Looking, Keyboard, Timeline, Imports, Touching, Haste, Trouble]

    def __init__(self, playwright, folder, program, video, out):
        self.program, self.video, self.folder, self.out, self.complaints = program, video, folder, out, []
        self.annotator = Annotator(program, video, folder)
        self.browser = browser(playwright)
        self.context = self.browser.new_context(viewport={"width": 1280, "height": 720})
        self.page = None
        self.last = self.annotator.json("api/project")["video"]["frames"] - 1

    def close(self):
        self.browser.close()
        self.annotator.close()

    def fresh(self, name, options=(), video=None):
        """A project of its own, and its page."""
        annotator = Annotator(self.program, video or self.video, self.folder, name, options)
        return annotator, Page(self.context, annotator, self.complaints)

    def picture(self, name, page=None, with_message=False):
        if not with_message:
            (page or self.page.page).evaluate("document.getElementById('message').hidden = true")
        (page or self.page.page).screenshot(path=os.path.join(self.out, f"{name}.jpg"), type="jpeg", quality=90)


for part in Tests.parts:
    for name, value in vars(part).items():
        if not name.startswith("__"):
            setattr(Tests, name, value)


def main():
    program, video, out, *wanted = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    names = [name for part in Tests.parts for name in vars(part) if name.startswith("test_")]
    names = names[:1] + [name for name in names[1:] if not wanted or any(part in name for part in wanted)]
    passed = failed = 0
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        tests = Tests(playwright, folder, program, video, out)
        try:
            for name in names:
                began = time.monotonic()
                try:
                    message = getattr(tests, name)()
                    passed += 1
                    print(f"passed {name} ({time.monotonic() - began:.1f} s){': ' + message if message else ''}", flush=True)
                except Exception:
                    failed += 1
                    traceback.print_exc()
                    print(f"FAILED {name}", flush=True)
                    if tests.page:
                        tests.picture(f"failed-{name}", with_message=True)
        finally:
            tests.close()
            Annotator.close_all()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
