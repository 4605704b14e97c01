import Foundation
import SAMPT
import SegmentationJobs
import Support

/// Edits and questions from a file or a program, applied one after the other, each answered before the next one is looked at.
struct EditScript: Sendable {
    var session: AnnotationSession
    /// Whether an edit that is refused is answered and passed over, as a program that listens wants it; otherwise it ends the script.
    var goesOn: Bool
    var progress: any JobProgress
    var interruption: Interruption
    /// Takes an answer, a line without its end.
    var answer: @Sendable (String) -> Void

    struct Outcome: Sendable, Equatable {
        var applied = 0
        var refused = 0
        var isInterrupted = false
    }

    /// - Throws: `CommandError.invalidInput` at the first line that is refused, where the script does not go on.
    func run(_ lines: EditLines, name: String) async throws -> Outcome {
        let outcome = Protected(Outcome())
        let work = Task {
            let lane = lines.lane
            while let line = try await lane.nextElement() {
                do {
                    let reply = try await apply(line.bytes)
                    outcome.withLock { $0.applied += 1 }
                    if let reply { answer(reply) }
                } catch let error where goesOn && !(error is CancellationError) {
                    outcome.withLock { $0.refused += 1 }
                    answer(try SessionReply.refused(line: line.number, error))
                } catch let error as any DescribedError {
                    throw EditRefused(place: "\(name), line \(line.number)", reason: error)
                }
                if interruption.isRequested { return }
            }
        }
        interruption.onRequest { work.cancel() }
        defer { progress.close() }
        do { try await work.value } catch is CancellationError where interruption.isRequested {}
        outcome.withLock { $0.isInterrupted = interruption.isRequested }
        return outcome.withLock { $0 }
    }

    /// - Returns: the answer; nil for what needs none.
    private func apply(_ line: Data) async throws -> String? {
        if let question = try SessionQuestion(line) { return try await question.answer(from: session) }
        guard let text = String(validating: line, as: UTF8.self) else { throw CommandError.invalidInput("The line is not UTF-8.") }
        switch try Edit(json: text) {
        case .propagate(var propagation):
            propagation.plan = nil
            let run = PropagationRun(session: session, propagation: propagation)
            return try SessionReply.propagated(try await run.run(progress: progress))
        // Another session's log says how far its propagations came; here they are run.
        case .reached: return nil
        case let edit: return try SessionReply.changed(try await session.apply(edit))
        }
    }
}

/// An edit of a script that is refused, and what refused it.
struct EditRefused: Error, DescribedError {
    var place: String
    var reason: any DescribedError

    var description: String { "\(place): \(reason.description) The edits before it are in the project." }
}
