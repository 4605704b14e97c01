import Media

/// Something that takes what a job makes, one element after the other.
package protocol JobOutput<Element>: AnyObject {
    associatedtype Element
    /// The file or folder it makes.
    var path: String { get }
    /// What a person should know of it though nothing failed; the final word comes with `finish`.
    var note: String? { get }
    func append(_ element: Element) throws
    /// Completes the output under its final name.
    /// - Parameter isComplete: whether all elements came.
    func finish(isComplete: Bool) throws
    /// Stops without a result.
    func abandon()
}

extension JobOutput {
    package var note: String? { nil }
}

/// Outputs that are fed side by side. One that cannot be written is given up, and the others go on: a full disk costs what is on it.
package struct OutputGroup<Element> {
    private var open: [any JobOutput<Element>]
    private let report: @Sendable (any Error) -> Void
    /// Why outputs were given up.
    private(set) var failures: [any Error] = []
    /// What a person should know of the finished outputs though nothing failed.
    private(set) var notes: [String] = []

    /// - Parameter report: hears at once of an output that is given up while others go on.
    package init(_ outputs: [any JobOutput<Element>], report: @escaping @Sendable (any Error) -> Void) {
        (open, self.report) = (outputs, report)
    }

    /// - Throws: the first failure, when no output is left.
    package mutating func append(_ element: Element) throws { try forEach { try $0.append(element) } }

    /// Gives every output its final name.
    /// - Returns: the paths that exist now.
    /// - Throws: the first failure, when there is no other output.
    package mutating func finish(isComplete: Bool) throws -> [String] {
        try forEach { try $0.finish(isComplete: isComplete) }
        defer { open = [] }
        notes = open.compactMap { $0.note }
        return open.map(\.path)
    }

    /// Removes what is not finished, last opened first: some lie in the folder of another.
    package mutating func abandon() {
        for output in open.reversed() { output.abandon() }
        open = []
    }

    private mutating func forEach(_ body: (any JobOutput<Element>) throws -> Void) throws {
        var (left, failed) = ([any JobOutput<Element>](), [any Error]())
        for output in open {
            do {
                try body(output)
                left.append(output)
            } catch {
                output.abandon()
                failed.append(error)
            }
        }
        open = left
        failures += failed
        guard !left.isEmpty else {
            if let first = failures.first { throw first }
            return
        }
        failed.forEach(report)
    }
}
