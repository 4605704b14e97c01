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
        .library(name: "SAMPT", targets: ["SAMPT", "Segmenters", "PointTrackers", "Media", "Inference"]),
        .library(name: "NeuralGraph", targets: ["NeuralGraph", "TensorFiles"]),
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
        library("Inference", ["Support", "TensorFiles", "NeuralGraph", "COpenVINO"]),
        library("Media", ["Support", "CFFmpeg", "CJPEG", "CZlib"]),
        library(
            "Segmenters", ["Support", "TensorFiles", "NeuralGraph", "Inference", "Media"], resources: [.copy("Resources/nano.safetensors")]),
        library(
            "PointTrackers", ["Support", "TensorFiles", "NeuralGraph", "Inference", "Media", "Segmenters"],
            resources: [.copy("Resources/nano-tracker.safetensors")]),
        library(
            "SAMPT", ["Support", "Media", "Segmenters", "PointTrackers", .product(name: "Yams", package: "Yams")],
            resources: [.copy("Resources/Presets")]),
        library("SAMPTKit", ["SAMPT", "Segmenters", "PointTrackers", "Media", "Inference", "TensorFiles"]),
        library("VideoBenchmarks", ["Support", "TensorFiles", "Media", "Inference", "PointTrackers", "SAMPT"]),
        library("ModelStore", ["Support", "CFFmpeg", "CCurl"]),
        library(
            "SamptCommands",
            [
                "Support", "SAMPT", "VideoBenchmarks", "Inference", "ModelStore", "TensorFiles", "NeuralGraph",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "sampt",
            dependencies: ["SamptCommands"]),

        .executableTarget(
            name: "benchmark-trackers", dependencies: ["PointTrackers", "Media"], path: "Benchmarks/BenchmarkTrackers"),
        .executableTarget(
            name: "benchmark-pipeline",
            dependencies: ["SAMPT", "PointTrackers", "Segmenters", "Inference", "NeuralGraph", "TensorFiles", "Media"],
            path: "Benchmarks/BenchmarkPipeline"),

        .executableTarget(
            name: "benchmark-session",
            dependencies: ["SAMPT", "VideoBenchmarks", "PointTrackers", "Segmenters", "Inference", "Media", "Support"],
            path: "Benchmarks/BenchmarkSession"),

        .executableTarget(
            name: "benchmark-segmenters", dependencies: ["Segmenters", "Inference", "Media", "NeuralGraph", "TensorFiles"],
            path: "Benchmarks/BenchmarkSegmenters"),

        .executableTarget(
            name: "fuzz-tensor-files", dependencies: ["TensorFiles", "TestSupport", "FuzzRunning"], path: "Fuzz/FuzzTensorFiles"),
        .executableTarget(
            name: "fuzz-inputs", dependencies: ["InputFuzzing", "FuzzRunning"], path: "Fuzz/FuzzInputs"),
        .target(name: "FuzzRunning", path: "Fuzz/FuzzRunning"),
        .target(
            name: "InputFuzzing",
            dependencies: ["CFFmpeg", "Media", "SAMPT", "VideoBenchmarks", "SamptCommands", "TensorFiles", "TestSupport"],
            path: "Fuzz/InputFuzzing"),

        .executableTarget(
            name: "ticker-beside-runs", dependencies: ["Support", "Media", "Segmenters", "PointTrackers", "SAMPT"],
            path: "Tests/TickerBesideRuns"),
        .target(name: "TestSupport", dependencies: ["TensorFiles"], path: "Tests/TestSupport"),
        tests("Support"),
        tests("Media", ["Support", "CFFmpeg"]),
        tests("TensorFiles"),
        tests("NeuralGraph", ["Inference"]),
        tests("Inference"),
        tests("Segmenters"),
        tests("PointTrackers", resources: [.copy("Resources/tapnet")]),
        tests("SAMPT", ["Support", "ticker-beside-runs"]),
        tests("SAMPTKit"),
        tests("VideoBenchmarks"),
        tests("ModelStore"),
        .testTarget(name: "OnnxTests", dependencies: ["NeuralGraph", "Inference", "Segmenters", "PointTrackers", "TestSupport"]),
        .testTarget(name: "SamptTests", dependencies: ["SamptCommands", "sampt", "InputFuzzing", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
