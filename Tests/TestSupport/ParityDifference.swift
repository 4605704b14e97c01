import TensorFiles

/// How far a result is from the stored output of a parity case.
public struct ParityDifference: Sendable {
    /// Relative L2 error as a share of its limit: 1 is the limit.
    public let share: Double
    /// The largest absolute difference as a share of the limit that coordinates have.
    public let shareInPixels: Double
    /// Whether all elements are the same; asked of flags and indices.
    public let isNone: Bool
}

extension ParityCase {
    /// A result that cannot be compared.
    public struct Incomparable: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Parameters:
    ///   - name: of a stored output.
    ///   - expected: the file of outputs, see `expected()`.
    public func difference(of result: Tensor, from name: String, in expected: SafetensorsFile) throws -> ParityDifference {
        guard let output = outputs.first(where: { $0.name == name }) else {
            throw Incomparable(description: "\(self): no output is called \(name)")
        }
        guard let elements = output.elements(of: result) else {
            throw Incomparable(description: "\(self): \(name) has the shape \(result.shape)")
        }
        let wanted = try expected.tensor(name).values
        let largest = TestSupport.largestDifference(elements, wanted)
        return ParityDifference(
            share: relativeL2(elements, wanted) / limit(of: name), shareInPixels: Double(largest / largestDifference(of: name)),
            isNone: elements == wanted)
    }
}
