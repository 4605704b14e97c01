# make demo    masks on a real clip, from a clean machine (sets up, builds, runs)
# make test    every test but those of test-onnx; make test FILTER=Name runs the tests whose name matches
# make test-onnx   every graph against the ONNX checker and ONNX Runtime
# make setup   what the build needs: FFmpeg's libraries, OpenVINO (demo and test call it)
# make bench   timed comparisons (docs/results.md says how to read them)
# make clean   removes what the build made; .deps stays

SWIFT_FLAGS := -c release -Xswiftc -enable-testing
SWIFT := bash Scripts/with-temporary-folder.sh swift
FILTER ?=

.PHONY: help setup build demo test test-onnx bench clean
help:
	@sed -n 's/^# //p' $(MAKEFILE_LIST)

setup:
	@bash Scripts/setup.sh

build: setup
	$(SWIFT) build $(SWIFT_FLAGS) --product sampt

demo: setup
	@bash Scripts/demo.sh

test: setup
	$(SWIFT) test $(SWIFT_FLAGS) $(if $(FILTER),--filter '$(FILTER)',--skip OnnxTests)

test-onnx: setup
	@bash Scripts/setup-onnx.sh
	$(SWIFT) test $(SWIFT_FLAGS) --filter OnnxTests

bench: build
	@bash Benchmarks/run.sh

clean:
	rm -rf .build out
