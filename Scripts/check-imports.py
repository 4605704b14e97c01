"""Checks that every target declares in Package.swift the package's targets and products that its files import, and no others.

SwiftPM lets a target import whatever happens to have been built before, directly or through somebody else's dependencies; what is missing
shows only in another order of building, or when the other target drops its dependency.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

# Attributes, an access level, a kind (`import struct A.B`), and the module.
IMPORT = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
                    r"(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)", re.MULTILINE)
# Where SwiftPM looks for a target without a path of its own.
FOLDERS = {"regular": "Sources", "executable": "Sources", "test": "Tests"}


def declared(target):
    for dependency in target["dependencies"]:
        for kind in ("byName", "target", "product"):
            if kind in dependency:
                yield dependency[kind][0]


def imported(folder):
    modules = {}
    for file in sorted(folder.rglob("*.swift")):
        for module in IMPORT.findall(file.read_text()):
            modules.setdefault(module, file)
    return modules


def module(name):
    return name.replace("-", "_")


def main():
    root = Path(__file__).resolve().parent.parent
    package = json.loads(subprocess.run(["swift", "package", "dump-package"], cwd=root, check=True, stdout=subprocess.PIPE).stdout)
    targets = [target for target in package["targets"] if target["type"] in FOLDERS]
    known = {module(target["name"]) for target in package["targets"]}
    known |= {module(name) for target in targets for name in declared(target)}
    problems = []
    for target in targets:
        folder = root / (target.get("path") or f"{FOLDERS[target['type']]}/{target['name']}")
        # Programs that tests run are depended on without being imported; every target of tests may use TestSupport.
        programs = {module(other["name"]) for other in targets if other["type"] == "executable"}
        names = {module(name) for name in declared(target)}
        found = imported(folder)
        for name in sorted(found.keys() & known - names - {module(target["name"])}):
            problems.append(f"{found[name].relative_to(root)}: imports {name}, which Package.swift does not declare for {target['name']}")
        for name in sorted(names - found.keys() - programs - {"TestSupport"}):
            problems.append(f"Package.swift: {target['name']} declares {name}, which none of its files imports")
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


sys.exit(main())
