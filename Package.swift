// swift-tools-version: 6.1
import PackageDescription

// OpenVINO lives in `.deps/openvino`, where `make setup` puts it. As a dependency of another package there is no such
// folder (and SwiftPM forbids the flags below), so OpenVINO is then found through pkg-config (Homebrew, conda, a .pc file).
let isDependency = ["/.build/checkouts/", "/SourcePackages/checkouts/"].contains { Context.packageDirectory.contains($0) }
let openVINO = "\(Context.packageDirectory)/.deps/openvino"
let swiftSettings: [SwiftSetting] = isDependency ? [] : [.unsafeFlags(["-Xcc", "-I\(openVINO)/include"])]
let linkerSettings: [LinkerSetting] = isDependency ? [] : [
    .unsafeFlags(["-L\(openVINO)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(openVINO)/lib"]),
]

func library(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies,
                resources: resources, swiftSettings: swiftSettings, linkerSettings: linkerSettings)
}

let package = Package(
    name: "sam-pt-swift",
    platforms: [.macOS(.v14)],
    products: [
        .library(name: "SAMPT", targets: ["SAMPT", "Segmenters", "PointTrackers", "Media", "Inference"]),
        .library(name: "NeuralGraph", targets: ["NeuralGraph", "TensorFiles"]),
        .library(name: "VideoBenchmarks", targets: ["VideoBenchmarks"]),
        .library(name: "ModelStore", targets: ["ModelStore"]),
        .executable(name: "sampt", targets: ["sampt"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.30.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        .systemLibrary(name: "CFFmpeg", pkgConfig: "libavformat", providers: [
            .apt(["libavcodec-dev", "libavformat-dev", "libavutil-dev", "libswscale-dev"]), .brew(["ffmpeg"]),
        ]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenVINO", pkgConfig: isDependency ? "openvino" : nil, providers: [.brew(["openvino"])]),

        library("Support", []),
        library("TensorFiles", ["Support", "CZlib"]),
        library("NeuralGraph", ["TensorFiles", .product(name: "SwiftProtobuf", package: "swift-protobuf")]),
        library("Inference", ["Support", "TensorFiles", "NeuralGraph", "COpenVINO"]),
        library("Media", ["Support", "CFFmpeg", "CJPEG", "CZlib"]),
        library("Segmenters", ["Support", "TensorFiles", "NeuralGraph", "Inference", "Media"], resources: [.copy("Resources/nano.safetensors")]),
        library("PointTrackers", ["Support", "TensorFiles", "NeuralGraph", "Inference", "Media", "Segmenters"],
                resources: [.copy("Resources/nano-tracker.safetensors")]),
        library("SAMPT", ["Support", "Media", "Segmenters", "PointTrackers", .product(name: "Yams", package: "Yams")], resources: [.copy("Resources/Presets")]),
        library("VideoBenchmarks", ["Support", "Media", "SAMPT"]),
        library("ModelStore", ["Support", "CFFmpeg", "CCurl"]),
        library("SamptCommands", [
            "Support", "SAMPT", "VideoBenchmarks", "Inference", "ModelStore", "TensorFiles", "NeuralGraph", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
        .executableTarget(
            name: "sampt",
            dependencies: ["SamptCommands"],
            swiftSettings: swiftSettings, linkerSettings: linkerSettings),

        .executableTarget(
            name: "benchmark-trackers", dependencies: ["PointTrackers", "Media"], path: "Benchmarks/BenchmarkTrackers",
            swiftSettings: swiftSettings, linkerSettings: linkerSettings),
        .executableTarget(
            name: "benchmark-pipeline", dependencies: ["SAMPT", "PointTrackers", "Segmenters", "Inference", "NeuralGraph", "TensorFiles", "Media"], path: "Benchmarks/BenchmarkPipeline",
            swiftSettings: swiftSettings, linkerSettings: linkerSettings),

        .executableTarget(
            name: "benchmark-segmenters", dependencies: ["Segmenters", "Inference", "Media", "NeuralGraph", "TensorFiles"],
            path: "Benchmarks/BenchmarkSegmenters", swiftSettings: swiftSettings, linkerSettings: linkerSettings),

        .executableTarget(
            name: "fuzz-tensor-files", dependencies: ["TensorFiles", "TestSupport", "FuzzRunning"], path: "Fuzz/FuzzTensorFiles",
            swiftSettings: swiftSettings, linkerSettings: linkerSettings),
        .executableTarget(
            name: "fuzz-inputs", dependencies: ["InputFuzzing", "FuzzRunning"], path: "Fuzz/FuzzInputs",
            swiftSettings: swiftSettings, linkerSettings: linkerSettings),
        .target(name: "FuzzRunning", path: "Fuzz/FuzzRunning", swiftSettings: swiftSettings),
        .target(
            name: "InputFuzzing", dependencies: ["CFFmpeg", "Media", "SAMPT", "VideoBenchmarks", "SamptCommands", "TensorFiles", "TestSupport"],
            path: "Fuzz/InputFuzzing", swiftSettings: swiftSettings),

        .target(name: "TestSupport", dependencies: ["TensorFiles"], path: "Tests/TestSupport", swiftSettings: swiftSettings),
        tests("Support"),
        tests("Media", ["Support", "CFFmpeg"]),
        tests("TensorFiles"),
        tests("NeuralGraph", ["Inference"]),
        tests("Inference"),
        tests("Segmenters"),
        tests("PointTrackers", resources: [.copy("Resources/tapnet")]),
        tests("SAMPT", ["Support"]),
        tests("VideoBenchmarks"),
        tests("ModelStore"),
        .testTarget(name: "OnnxTests", dependencies: ["NeuralGraph", "Inference", "Segmenters", "PointTrackers", "TestSupport"],
                    swiftSettings: swiftSettings, linkerSettings: linkerSettings),
        .testTarget(name: "SamptTests", dependencies: ["SamptCommands", "sampt", "InputFuzzing", "TestSupport"],
                    swiftSettings: swiftSettings, linkerSettings: linkerSettings),
    ],
    swiftLanguageModes: [.v6]
)
