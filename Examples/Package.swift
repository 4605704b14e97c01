// swift-tools-version: 6.1
import PackageDescription

// With the repository's address in place of the path this is the manifest of any package that uses the library (README.md, "As a package
// dependency").
let kit: Target.Dependency = .product(name: "SAMPTKit", package: "sam-pt-swift")

let package = Package(
    name: "sampt-examples",
    platforms: [.macOS(.v14)],
    dependencies: [.package(name: "sam-pt-swift", path: "..")],
    targets: [
        .target(name: "ExampleArguments", dependencies: [kit]),
        .executableTarget(name: "clicks-to-masks", dependencies: ["ExampleArguments", kit]),
        .executableTarget(name: "own-tracker", dependencies: ["ExampleArguments", kit]),
        .executableTarget(name: "live-masks", dependencies: ["ExampleArguments", kit]),
    ],
    swiftLanguageModes: [.v6]
)
