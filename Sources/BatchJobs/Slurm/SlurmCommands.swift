import Foundation
import Support

/// Slurm as its commands show it: `sbatch` and `squeue`. Accounting is not asked for: many clusters have none.
public struct SlurmCommands: Sendable {
    public init() {}

    /// A task that Slurm knows of: waiting or running.
    public struct Task: Sendable, Equatable {
        /// Of the array.
        public var index: Int
        public var state: String
        public var reason: String
    }

    /// Submits a script.
    /// - Parameter tasks: those of the array that are to run; nil: all.
    /// - Returns: the job's number.
    /// - Throws: `BatchError.scheduler`.
    public func submit(_ script: SlurmScript, tasks: [Int]? = nil) throws -> Int {
        var arguments = ["--parsable"]
        if let tasks {
            let throttle = script.request.throttle.map { "%\($0)" } ?? ""
            arguments.append("--array=\(Self.ranges(tasks))\(throttle)")
        }
        let answer = try Self.run("sbatch", arguments + [script.path])
        guard let number = answer.split(whereSeparator: { $0 == ";" || $0.isWhitespace }).first.flatMap({ Int($0) }) else {
            throw BatchError.scheduler(command: "sbatch", reason: "It answered \"\(answer)\", which is no job number.")
        }
        return number
    }

    /// The tasks of a job that have not ended.
    /// - Throws: `BatchError.scheduler`, also while the controller cannot be reached.
    public func tasks(of job: Int) throws -> [Task] {
        do {
            return Self.parse(
                try Self.run("squeue", ["--noheader", "--array", "--states=all", "--format=%K|%T|%r", "--jobs=\(job)"]))
        } catch BatchError.scheduler(_, let reason) where reason.contains("Invalid job id") {
            // Forgotten some minutes after its end.
            return []
        }
    }

    /// The most tasks of an array: `MaxArraySize`, which an array's numbers stay below. nil: it cannot be found out here.
    public func greatestArraySize() -> Int? { (try? Self.run("scontrol", ["show", "config"])).flatMap(Self.arraySize) }

    static func arraySize(inConfiguration text: String) -> Int? {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2, parts[0] == "MaxArraySize" { return Int(parts[1]).flatMap { $0 >= 0 ? $0 : nil } }
        }
        return nil
    }

    /// States of tasks that have ended.
    private static let ended: Set<String> = [
        "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT", "REVOKED",
    ]

    static func parse(_ text: String) -> [Task] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
            guard fields.count >= 3, let index = Int(fields[0]), !ended.contains(fields[1]) else { return nil }
            return Task(index: index, state: fields[1], reason: fields[2])
        }
    }

    /// Such as "0-3,7".
    static func ranges(_ numbers: [Int]) -> String {
        var ranges: [ClosedRange<Int>] = []
        for number in Set(numbers).sorted() {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }

    private static func run(_ name: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { throw BatchError.scheduler(command: name, reason: "\(error.localizedDescription)") }
        // Both at once, so that neither fills while the other is read.
        let said = ProductionLane.once { errors.fileHandleForReading.readDataToEndOfFile() }
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = (try? said.next()).flatMap { $0 } ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let text = String(decoding: complaint, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            let missing = process.terminationStatus == 127 ? "There is no \(name) here; is this a machine of the cluster? " : ""
            throw BatchError.scheduler(
                command: name, reason: missing + (text.isEmpty ? "It ended with status \(process.terminationStatus)." : text))
        }
        return String(decoding: answer, as: UTF8.self)
    }
}
