// swift-tools-version: 6.1
import PackageDescription

func library(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies, resources: resources)
}

let package = Package(
    name: "sam-pt-swift",
    platforms: [.macOS(.v14)],
    products: [
        .library(name: "SAMPTKit", targets: ["SAMPTKit"]),
        .library(
            name: "SAMPT", targets: ["SAMPT", "MethodPresets", "Segmenters", "PointTrackers", "Media", "Inference", "InferenceOpenVINO"]),
        .library(name: "NeuralGraph", targets: ["NeuralGraph", "TensorFiles"]),
        .library(name: "MaskFormats", targets: ["MaskFormats"]),
        .library(name: "VideoBenchmarks", targets: ["VideoBenchmarks"]),
        .library(name: "ModelStore", targets: ["ModelStore"]),
        .executable(name: "sampt", targets: ["sampt"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CFFmpeg", pkgConfig: "libavformat",
            providers: [
                .apt(["libavcodec-dev", "libavformat-dev", "libavutil-dev", "libswscale-dev"]), .brew(["ffmpeg"]),
            ]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenVINO"),

        library("Support", []),
        library("TensorFiles", ["Support", "CZlib"]),
        library("NeuralGraph", ["Support", "TensorFiles"]),
        library("Inference", ["Support", "TensorFiles", "NeuralGraph"]),
        library("InferenceOpenVINO", ["Support", "TensorFiles", "NeuralGraph", "Inference", "COpenVINO"]),
        library("Media", ["Support", "CFFmpeg", "CJPEG", "CZlib"]),
        library(
            "Segmenters", ["Support", "TensorFiles", "NeuralGraph", "Inference", "Media"], resources: [.copy("Resources/nano.safetensors")]),
        library(
            "PointTrackers", ["Support", "TensorFiles", "NeuralGraph", "Inference", "Media", "Segmenters"],
            resources: [.copy("Resources/nano-tracker.safetensors")]),
        library("SAMPT", ["Support", "Media", "Segmenters", "PointTrackers"]),
        library(
            "MethodPresets",
            ["Support", "TensorFiles", "Media", "Segmenters", "PointTrackers", "SAMPT", .product(name: "Yams", package: "Yams")],
            resources: [.copy("Resources/Presets")]),
        library("SAMPTKit", ["Support", "SAMPT", "Segmenters", "PointTrackers", "Media", "Inference", "InferenceOpenVINO", "TensorFiles"]),
        library("MaskFormats", ["Support", "Media", "CZlib"]),
        library("VideoBenchmarks", ["Support", "TensorFiles", "Media", "Segmenters", "PointTrackers", "SAMPT", "CZlib"]),
        library("ModelStore", ["Support", "CFFmpeg", "CCurl"]),
        library("BatchJobs", ["Support", "Media", "CFFmpeg"]),
        library(
            "SegmentationJobs",
            [
                "Support", "TensorFiles", "NeuralGraph", "Inference", "Media", "Segmenters", "PointTrackers", "SAMPT", "MethodPresets",
                "MaskFormats", "ModelStore",
            ]),
        library(
            "SamptCommands",
            [
                "Support", "NeuralGraph", "Inference", "InferenceOpenVINO", "Media", "Segmenters", "PointTrackers", "SAMPT",
                "MethodPresets", "MaskFormats", "VideoBenchmarks", "ModelStore", "SegmentationJobs", "BatchJobs",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "sampt",
            dependencies: ["SamptCommands"]),

        .executableTarget(
            name: "benchmark-trackers",
            dependencies: ["TensorFiles", "NeuralGraph", "Inference", "InferenceOpenVINO", "Media", "Segmenters", "PointTrackers"],
            path: "Benchmarks/BenchmarkTrackers"),
        .executableTarget(
            name: "benchmark-pipeline",
            dependencies: [
                "Support", "TensorFiles", "NeuralGraph", "Inference", "InferenceOpenVINO", "Media", "Segmenters", "PointTrackers", "SAMPT",
            ],
            path: "Benchmarks/BenchmarkPipeline"),

        .executableTarget(
            name: "benchmark-formats", dependencies: ["Media", "MaskFormats"], path: "Benchmarks/BenchmarkFormats"),

        .executableTarget(
            name: "benchmark-session",
            dependencies: [
                "Support", "InferenceOpenVINO", "Media", "Segmenters", "PointTrackers", "SAMPT", "VideoBenchmarks",
            ],
            path: "Benchmarks/BenchmarkSession"),

        .executableTarget(
            name: "benchmark-segmenters",
            dependencies: ["TensorFiles", "NeuralGraph", "Inference", "InferenceOpenVINO", "Media", "Segmenters"],
            path: "Benchmarks/BenchmarkSegmenters"),

        .executableTarget(
            name: "fuzz-tensor-files", dependencies: ["TensorFiles", "TestSupport", "FuzzRunning"], path: "Fuzz/FuzzTensorFiles"),
        .executableTarget(
            name: "fuzz-inputs", dependencies: ["InputFuzzing", "FuzzRunning"], path: "Fuzz/FuzzInputs"),
        .target(name: "FuzzRunning", path: "Fuzz/FuzzRunning"),
        .target(
            name: "InputFuzzing",
            dependencies: [
                "CFFmpeg", "Support", "TensorFiles", "Media", "SAMPT", "MethodPresets", "MaskFormats", "VideoBenchmarks",
                "SegmentationJobs", "TestSupport",
            ],
            path: "Fuzz/InputFuzzing"),

        .executableTarget(
            name: "ticker-beside-runs", dependencies: ["Support", "Media", "Segmenters", "PointTrackers", "SAMPT"],
            path: "Tests/TickerBesideRuns"),
        .target(name: "TestSupport", dependencies: ["TensorFiles"], path: "Tests/TestSupport"),
        tests("Support"),
        tests("Media", ["Support", "CFFmpeg"]),
        tests("TensorFiles"),
        tests("NeuralGraph", ["TensorFiles", "Inference", "InferenceOpenVINO"]),
        tests("InferenceOpenVINO", ["Support", "TensorFiles", "NeuralGraph", "Inference"]),
        tests("Segmenters", ["TensorFiles", "NeuralGraph", "Inference", "InferenceOpenVINO", "Media"]),
        tests(
            "PointTrackers", ["Support", "TensorFiles", "NeuralGraph", "Inference", "InferenceOpenVINO", "Media", "Segmenters"],
            resources: [.copy("Resources/tapnet")]),
        tests(
            "SAMPT",
            [
                "Support", "TensorFiles", "NeuralGraph", "Inference", "InferenceOpenVINO", "Media", "Segmenters", "PointTrackers",
                "MethodPresets", "ticker-beside-runs",
            ]),
        tests("MethodPresets", ["Media", "Segmenters", "SAMPT"]),
        tests("SAMPTKit"),
        tests("MaskFormats", ["Support", "Media"]),
        .testTarget(name: "FormatJudgeTests", dependencies: ["MaskFormats", "Media", "TestSupport"]),
        tests("VideoBenchmarks", ["Support", "TensorFiles", "Media", "Segmenters", "PointTrackers", "SAMPT", "CZlib"]),
        tests("ModelStore"),
        .executableTarget(name: "stand-in-batch-worker", dependencies: ["BatchJobs"], path: "Tests/StandInBatchWorker"),
        tests("BatchJobs", ["Support", "stand-in-batch-worker"]),
        .testTarget(
            name: "OnnxTests",
            dependencies: [
                "Support", "TensorFiles", "NeuralGraph", "Inference", "InferenceOpenVINO", "Media", "Segmenters", "PointTrackers",
                "TestSupport",
            ],
            exclude: ["cache-keys.json"]),
        .testTarget(
            name: "SamptTests",
            dependencies: [
                "Support", "TensorFiles", "NeuralGraph", "Inference", "InferenceOpenVINO", "Media", "Segmenters", "SAMPT", "MethodPresets",
                "PointTrackers", "MaskFormats", "VideoBenchmarks", "ModelStore", "SegmentationJobs", "BatchJobs", "SamptCommands", "sampt",
                "InputFuzzing",
                "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// The second program, with the database of project files, is a part of the package only where it is asked for: who uses the library or
// builds `sampt` neither fetches nor compiles what it needs.
if Context.environment["SAMPT_STUDIO"] == "1" {
    package.products.append(.executable(name: "sampt-studio", targets: ["sampt-studio"]))
    package.dependencies.append(.package(url: "https://github.com/groue/GRDB.swift", from: "7.0.0"))
    package.dependencies.append(.package(url: "https://github.com/apple/swift-nio", from: "2.80.0"))
    package.targets += [
        library(
            "Annotator",
            [
                "Support", "Media", "Segmenters", "SAMPT", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ], resources: [.copy("Page")]),
        library(
            "ProjectFile",
            [
                "Support", "TensorFiles", "Media", "SAMPT", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        library(
            "StudioCommands",
            [
                "Support", "Inference", "InferenceOpenVINO", "Media", "Segmenters", "SAMPT", "MethodPresets", "SegmentationJobs",
                "SamptCommands", "MaskFormats", "ProjectFile", "Annotator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(name: "sampt-studio", dependencies: ["SamptCommands", "StudioCommands"]),
        tests("Annotator", ["Support", "Media", "SAMPT"]),
        tests(
            "ProjectFile", ["Media", "SAMPT", .product(name: "GRDB", package: "GRDB.swift")],
            resources: [.copy("Resources/forms")]),
        .testTarget(
            name: "StudioTests",
            dependencies: [
                "Media", "SAMPT", "SegmentationJobs", "ProjectFile", "sampt", "sampt-studio", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
    ]
}
