import Foundation
import Support

/// How many workers there are, with how many threads each.
public struct WorkerShape: Sendable, Equatable, Codable {
    public var workers: Int
    public var threads: Int
    /// Bytes that stay free of what the machine has.
    var spareMemory = 0

    public init(workers: Int, threads: Int) { (self.workers, self.threads) = (workers, threads) }

    /// Ways to divide so many cores: one thread each, two each, four, ..., all in one.
    static func candidates(cores: Int) -> [WorkerShape] {
        var shapes: [WorkerShape] = []
        var threads = 1
        while threads < cores {
            shapes.append(WorkerShape(workers: cores / threads, threads: threads))
            threads *= 2
        }
        return shapes + [WorkerShape(workers: 1, threads: cores)]
    }

    /// The part of the memory that workers may have.
    private static let share = 0.85

    /// How many workers of some size fit.
    static func fitting(_ peak: Int, memory: Int) -> Int {
        guard peak > 0 else { return .max }
        return max(1, Int(Double(memory) * share) / peak)
    }

    /// The shape for a run: what is asked for, else what was measured on such a machine, else what is measured now.
    /// - Returns: nil: stopped.
    static func decide(
        _ pending: [BatchItem], manifest: Manifest, folder: BatchFolder, options: BatchRun.Options, claims: Claims,
        program: @escaping (Int) -> WorkerProgram, isStopped: @escaping () -> Bool, report: (BatchRun.Event) -> Void
    ) throws -> WorkerShape? {
        let machine = MachineResources.here()
        let threads = options.threads ?? folder.settings.threads
        if let workers = options.workers, let threads { return WorkerShape(workers: workers, threads: threads).sparing(machine) }
        let measurement = try measurement(
            pending, manifest: manifest, folder: folder, options: options, machine: machine, claims: claims, program: program,
            isStopped: isStopped,
            report: report)
        guard let measurement else { return nil }
        report(.measured(measurement))
        guard let best = measurement.best else {
            // No video of the sample could be worked on; the rest may fare better.
            return WorkerShape(workers: options.workers ?? max(1, machine.cores / (threads ?? 1)), threads: threads ?? 1).sparing(machine)
        }
        var shape = best.shape
        shape.workers = options.workers ?? min(max(1, machine.cores / shape.threads), fitting(best.peakMemory, memory: machine.memory))
        return shape.sparing(machine)
    }

    /// What was measured on such a machine before, or what is measured now.
    /// - Returns: nil: stopped.
    static func measurement(
        _ pending: [BatchItem], manifest: Manifest, folder: BatchFolder, options: BatchRun.Options, machine: MachineResources,
        claims: Claims,
        program: @escaping (Int) -> WorkerProgram, isStopped: @escaping () -> Bool, report: (BatchRun.Event) -> Void
    ) throws -> WorkerMeasurement? {
        let threads = options.threads ?? folder.settings.threads
        let store = MeasurementStore(folder: folder, manifest: manifest, machine: machine)
        if let known = try store.read(threads: threads, workers: options.workers) { return known }
        let measuring = ShapeMeasuring(
            pending: pending, manifest: manifest, folder: folder, claims: claims, timeLimit: options.timeLimit, program: program,
            isStopped: isStopped)
        // With the threads decided, what is left to find out is the memory of one.
        let candidates =
            threads.map { [WorkerShape(workers: 1, threads: $0)] }
            ?? candidates(cores: machine.cores)
            .map { WorkerShape(workers: min($0.workers, options.workers ?? .max), threads: $0.threads) }
        guard let found = try measuring.run(candidates, machine: machine, report: report) else { return nil }
        if found.best != nil { try store.write(found) }
        return found
    }

    private func sparing(_ machine: MachineResources) -> WorkerShape {
        var shape = self
        shape.spareMemory = min(256 << 20, machine.memory / 20)
        return shape
    }
}

/// How fast some shapes were with a batch's videos, and what memory they took.
public struct WorkerMeasurement: Sendable, Equatable, Codable {
    public struct Row: Sendable, Equatable, Codable {
        public var shape: WorkerShape
        /// Of all workers together.
        public var framesPerSecond: Double
        /// Of one worker, in bytes.
        public var peakMemory: Int
        /// Of all that were measured.
        public var videos: Int
        public var secondsPerVideo: Double
        public var greatestSeconds: Double
    }

    public var rows: [Row]
    public var best: Row? { rows.max { $0.framesPerSecond < $1.framesPerSecond } }
}
