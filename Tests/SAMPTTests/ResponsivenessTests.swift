import Foundation
import TestSupport
import Testing

/// Work that blocks stays off the threads that tasks share.
struct ResponsivenessTests {
    /// Beside two runs, a task that sleeps wakes up about as punctually as a thread that sleeps.
    @Test func aTickerKeepsItsBeatBesideRuns() throws {
        let process = Process()
        process.executableURL = BuiltProgram.url("ticker-beside-runs")
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let delays = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        try #require(delays.count == 2, "\(text)")
        #expect(delays[0] < delays[1] + 0.05, "task and thread, 95th percentile of the delay in seconds")
    }
}
