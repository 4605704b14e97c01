import Foundation
import Media
import TestSupport

/// The built programs, run as users run them: `sampt` hands projects on to `sampt-studio`.
struct StudioProgram {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String

        /// The answers, one a line.
        var answers: [[String: Any]] {
            output.split(separator: "\n").compactMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        }
    }

    static let sampt = BuiltProgram.url("sampt")
    static let studio = BuiltProgram.url("sampt-studio")

    /// - Parameter input: what comes by the standard input; nil: nothing.
    static func run(_ arguments: [String], input: String? = nil, program: URL = sampt) throws -> Outcome {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ name: String, _ text: String = "") throws -> URL {
            let url = folder.appendingPathComponent(name)
            try Data(text.utf8).write(to: url)
            return url
        }
        let process = Process()
        (process.executableURL, process.arguments) = (program, arguments)
        let (output, errors) = (try file("out"), try file("err"))
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = try FileHandle(forReadingFrom: file("in", input ?? ""))
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
            output: try String(contentsOf: output, encoding: .utf8), errors: try String(contentsOf: errors, encoding: .utf8))
    }
}

/// A disc that moves to the right over a textured ground, as a folder of pictures in a folder of its own.
struct StudioClip {
    let folder: URL
    var frames: String { path("frames") }

    init(frameCount: Int = 8, step: Int = 1) throws {
        folder = try Fixtures.temporaryFolder()
        try Self.write(frameCount, step: step, to: folder.appendingPathComponent("frames"))
    }

    static func write(_ count: Int, step: Int, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for index in 0..<count {
            var image = RGBImage(width: 96, height: 72)
            for y in 0..<image.height {
                for x in 0..<image.width {
                    let (dx, dy) = (x - 40 - step * index, y - 36)
                    let texture = UInt8((x * 7 + y * 13) % 40)
                    image[x, y] = dx * dx + dy * dy < 14 * 14 ? (220, 60 + texture, 40) : (40 + texture, 90, 110 - texture)
                }
            }
            try ImageFile.writePNG(image, to: folder.appendingPathComponent("shot-\(index).png").path)
        }
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// A project for it, made with the models that start quickest.
    func makeProject(_ name: String = "clip.sampt") throws -> String {
        let project = path(name)
        let outcome = try StudioProgram.run(["project", "create", frames, "-o", project, "--tracker", "lucas-kanade", "--quiet"])
        guard outcome.status == 0 else { throw Failure(text: outcome.errors) }
        return project
    }

    struct Failure: Error { var text: String }

    /// One object, marked in frame 0.
    static let marking = """
        {"edit":"add-object","object":1,"name":"disc"}
        {"edit":"add-point","object":1,"frame":0,"x":40.5,"y":36.5,"positive":true}

        """
}
