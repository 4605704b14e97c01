# make demo       masks on a real clip, from a clean machine (sets up, builds, runs)
# make annotate   the annotator in your browser, on the demo clip
# make test       every test but those of test-onnx and test-formats; make test FILTER=Name runs the tests whose name matches
# make test-durability  200 processes killed in the midst of a session, instead of the 10 of make test
# make test-browser  the annotator in a real browser: screenshots in out/browser
# make docs-pictures  the guide's pictures of the annotator, from the screenshots of make test-browser (which it runs)
# make test-onnx  every graph against the ONNX checker and ONNX Runtime
# make test-formats  every annotation format before software that is not ours
# make test-slurm  a batch on Debian's Slurm, three nodes on this machine, disturbed in every way; and by shares without a scheduler
# make lint       the sources' format (make format mends what a program can mend)
# make setup      what the build needs: FFmpeg's libraries, OpenVINO (demo and test call it)
# make build      .build/release/sampt, as the tests need it; make program builds it as users get it, in less time
# make studio     sampt-studio beside it: projects that can be gone on with (sampt project, segment --project)
# make install    the program, its libraries, man page and completions, under PREFIX (/usr/local)
# make dist       an archive that runs where it is unpacked; make check-dist tries it
# make examples   the programs in Examples/, which use the library; make check-consumer does what README.md says of depending on it
# make docs       the library's documentation (DocC), in out/docs
# make bench      timed comparisons (docs/results.md says how to read them)
# make clean      removes what the build made; .deps stays

SWIFT_FLAGS := -c release -Xswiftc -enable-testing
SWIFT := bash Scripts/with-temporary-folder.sh swift
TEST := bash Scripts/run-tests.sh
# Without what tests and debuggers need, and in a folder of its own: other flags in one folder would build everything anew each time.
# It finds its libraries in ../lib/sampt, and only there: not in a toolchain that happens to be where this one is.
PROGRAM := .build/program
PROGRAM_FLAGS := -c release --scratch-path $(PROGRAM) -Xswiftc -gnone
ifeq ($(shell uname -s),Linux)
PROGRAM_FLAGS += -Xswiftc -no-toolchain-stdlib-rpath -Xlinker -rpath -Xlinker '$$ORIGIN/../lib/sampt'
# Functions that nothing calls go, and of equal ones all but one, which costs no time: a sixth of the program. The toolchain has lld.
PROGRAM_FLAGS += -Xswiftc -Xfrontend -Xswiftc -function-sections -Xswiftc -use-ld=lld -Xlinker --icf=all -Xlinker -O2
# Relocations in a quarter of their size, which the dynamic linker reads from glibc 2.36 on.
ifeq ($(shell printf '%s\n' 2.36 "$$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d' ' -f2)" | sort -V | head -n 1),2.36)
PROGRAM_FLAGS += -Xlinker -z -Xlinker pack-relative-relocs
endif
endif
# The second program and its database are a part of the package only with this.
STUDIO := SAMPT_STUDIO=1
PREFIX ?= /usr/local
DESTDIR ?=
FORMATTED := Package.swift Sources Tests Benchmarks Fuzz Examples
FILTER ?=

.PHONY: help setup setup-studio build program studio annotate demo test test-durability test-browser docs-pictures test-onnx test-slurm test-formats lint format install dist check-dist examples check-consumer docs bench clean
help:
	@sed -n 's/^# make/make/p' $(MAKEFILE_LIST)

setup:
	@bash Scripts/setup.sh

setup-studio: setup
	@bash Scripts/setup-studio.sh

build: setup
	$(SWIFT) build $(SWIFT_FLAGS) --product sampt

program: setup
	$(SWIFT) build $(PROGRAM_FLAGS) --product sampt
	@bash Scripts/link-runtime.sh $(PROGRAM)/release

studio: program setup-studio
	$(STUDIO) $(SWIFT) build $(PROGRAM_FLAGS) --product sampt-studio

demo: program
	@bash Scripts/demo.sh $(PROGRAM)/release/sampt

test: setup-studio
	$(STUDIO) $(TEST) $(SWIFT_FLAGS) $(if $(FILTER),--filter '$(FILTER)',--skip OnnxTests --skip FormatJudgeTests)

test-durability: setup-studio
	$(STUDIO) SAMPT_KILLS=200 $(TEST) $(SWIFT_FLAGS) --filter DurabilityTests

annotate: studio
	@bash Scripts/setup.sh demo
	@mkdir -p out
	@$(PROGRAM)/release/sampt annotate .deps/bigbuckbunny.mp4 -o out/bigbuckbunny.sampt

test-browser: setup-studio
	@bash Scripts/setup.sh demo
	@bash Scripts/setup-browser.sh
	$(STUDIO) $(SWIFT) build $(SWIFT_FLAGS) --product sampt
	$(STUDIO) $(SWIFT) build $(SWIFT_FLAGS) --product sampt-studio
	.deps/venv-browser/bin/python Tests/Browser/test_annotator.py .build/release/sampt .deps/bigbuckbunny.mp4 out/browser

docs-pictures: test-browser
	@for picture in docs/images/annotator*.jpg; do cp "out/browser/$$(basename "$$picture")" "$$picture" || exit 1; done

test-onnx: setup
	@bash Scripts/setup-onnx.sh
	$(TEST) $(SWIFT_FLAGS) --filter OnnxTests

test-formats: setup
	@bash Scripts/setup-formats.sh
	$(TEST) $(SWIFT_FLAGS) --filter FormatJudgeTests

test-slurm: build
	@bash Scripts/setup-slurm.sh
	@bash Scripts/test-slurm.sh .build/release/sampt
	@bash Scripts/test-shares.sh .build/release/sampt

lint:
	@bash Scripts/lint.sh $(FORMATTED)

format:
	@bash Scripts/format.sh $(FORMATTED)

# A second program that was built before is brought up to date.
BUILT_STUDIO = $(if $(wildcard $(PROGRAM)/release/sampt-studio),studio)
install: program $(BUILT_STUDIO)
	@bash Scripts/install.sh $(PROGRAM)/release '$(DESTDIR)$(PREFIX)'

dist: program $(BUILT_STUDIO)
	@bash Scripts/dist.sh $(PROGRAM)/release

check-dist: dist
	@bash Scripts/check-dist.sh out/sampt-$$($(PROGRAM)/release/sampt --version)-*.tar.gz

examples: setup
	$(SWIFT) build -c release --package-path Examples --scratch-path .build/examples

check-consumer:
	@bash Scripts/check-consumer.sh

docs: setup
	@bash Scripts/docs.sh

bench: build
	@bash Benchmarks/run.sh

clean:
	rm -rf .build out
