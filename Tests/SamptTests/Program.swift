import Foundation
import Media
import TestSupport

/// The built program, run as users run it.
struct Program {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String
    }

    static let url = BuiltProgram.url("sampt")

    /// - Parameters:
    ///   - program: run in place of the built one.
    ///   - environment: added to that of the tests.
    ///   - input: writes to the program's standard input, on a thread of its own; the pipe is closed afterwards. Nil: there is none.
    ///   - condition: a signal is sent as soon as it holds.
    ///   - number: the signal.
    static func run(
        _ arguments: [String], program: URL = url, environment: [String: String] = [:],
        input: (@Sendable (FileHandle) throws -> Void)? = nil, interruptWhen condition: (() -> Bool)? = nil,
        signal number: Int32 = SIGINT
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files, not pipes: a full pipe would stop the program.
        func sink(_ name: String) throws -> (URL, FileHandle) {
            let file = folder.appendingPathComponent(name)
            try Data().write(to: file)
            return (file, try FileHandle(forWritingTo: file))
        }
        let (output, errors) = (try sink("out"), try sink("err"))
        process.standardOutput = output.1
        process.standardError = errors.1
        let pipe = input.map { _ in Pipe() }
        if let pipe { process.standardInput = pipe }
        try process.run()
        if let pipe, let input {
            // The program may end before it has read everything.
            signal(SIGPIPE, SIG_IGN)
            try? pipe.fileHandleForReading.close()
            let writing = pipe.fileHandleForWriting
            Thread {
                try? input(writing)
                try? writing.close()
            }.start()
        }
        if let condition {
            while process.isRunning, !condition() { usleep(2000) }
            kill(process.processIdentifier, number)
        }
        process.waitUntilExit()
        return Outcome(
            status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
            output: try String(contentsOf: output.0, encoding: .utf8), errors: try String(contentsOf: errors.0, encoding: .utf8))
    }
}

extension Program {
    /// Runs the program as a shell does.
    /// - Parameter script: a line for bash in which "$@" stands for the program and the arguments.
    static func run(
        shell script: String, _ arguments: [String], interruptWhen condition: (() -> Bool)? = nil, signal number: Int32 = SIGINT
    ) throws -> Outcome {
        try run(
            ["-c", script, "bash", url.path] + arguments, program: URL(fileURLWithPath: "/bin/bash"), interruptWhen: condition,
            signal: number)
    }
}

/// A folder with a made-up clip: a bright disk that moves over a textured ground.
struct TestClip {
    let folder: URL
    let frames: String
    let center = SIMD2<Float>(40, 36)

    init(frameCount: Int, width: Int = 96, height: Int = 72) throws {
        folder = try Fixtures.temporaryFolder()
        let frames = folder.appendingPathComponent("frames")
        try FileManager.default.createDirectory(at: frames, withIntermediateDirectories: true)
        self.frames = frames.path
        for index in 0..<frameCount {
            try ImageFile.writePNG(
                Self.picture(index, width: width, height: height), to: frames.appendingPathComponent("shot-\(index).png").path)
        }
    }

    private static func picture(_ index: Int, width: Int, height: Int) -> RGBImage {
        var image = RGBImage(width: width, height: height)
        for y in 0..<height {
            for x in 0..<width {
                let (dx, dy) = (x - 40 - index, y - 36)
                let isInside = dx * dx + dy * dy < 14 * 14
                let texture = UInt8((x * 7 + y * 13) % 40)
                image[x, y] = isInside ? (220, 60 + texture, 40) : (40 + texture, 90, 110 - texture)
            }
        }
        return image
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
    func contents(_ name: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path(name))) ?? []).sorted()
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}
