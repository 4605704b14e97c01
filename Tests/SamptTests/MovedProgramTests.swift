import Foundation
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("The program finds its weights where it may be moved to, and says so where it cannot")
struct MovedProgramTests {
    private let clip: TestClip

    init() throws { clip = try TestClip(frameCount: 1) }

    private func run(_ program: String) throws -> Program.Outcome {
        try Program.run(
            ["image", clip.frames + "/shot-0.png", "--point", "40,36", "--masks-out", clip.path("mask.png")],
            program: URL(fileURLWithPath: clip.path(program)))
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: clip.path(name), withIntermediateDirectories: true)
    }

    private func copyResources(to folder: String) throws {
        let build = Program.url.deletingLastPathComponent()
        let names = try FileManager.default.contentsOfDirectory(atPath: build.path).filter { $0.hasPrefix("sam-pt-swift_") }
        for name in names where name.hasSuffix(".resources") || name.hasSuffix(".bundle") {
            try FileManager.default.copyItem(atPath: build.appendingPathComponent(name).path, toPath: clip.path("\(folder)/\(name)"))
        }
    }

    @Test("Copied without its resources, it ends with one sentence; with them, it runs")
    func copied() throws {
        defer { clip.remove() }
        try makeFolder("bin")
        try FileManager.default.copyItem(atPath: Program.url.path, toPath: clip.path("bin/sampt"))
        let alone = try run("bin/sampt")
        #expect(alone.status == CommandStatus.missingInput.rawValue, "\(alone.errors)")
        #expect(
            alone.errors.contains("The built-in weights nano.safetensors were not found. Their folder sam-pt-swift_Segmenters."),
            "\(alone.errors)")
        #expect(alone.errors.filter(\.isNewline).count == 1)
        #expect(!clip.exists("mask.png"))
        try makeFolder("share/sampt")
        try copyResources(to: "share/sampt")
        let shared = try run("bin/sampt")
        #expect(shared.status == 0, "\(shared.errors)")
        try FileManager.default.removeItem(atPath: clip.path("share"))
        try copyResources(to: "bin")
        let beside = try run("bin/sampt")
        #expect(beside.status == 0, "\(beside.errors)")
    }

    @Test("A symbolic link to it works")
    func linked() throws {
        defer { clip.remove() }
        try FileManager.default.createSymbolicLink(atPath: clip.path("sampt-link"), withDestinationPath: Program.url.path)
        let outcome = try run("sampt-link")
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}
