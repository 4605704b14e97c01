/// Name and shape of an input or output of a compiled network. Its elements are 32-bit floats.
public struct TensorDescription: Sendable, Hashable {
    public let name: String
    /// The size of each dimension, nil where it may vary; nil as a whole when even the rank may vary.
    public let shape: [Int?]?

    /// The shape when nothing in it varies.
    public let staticShape: [Int]?

    package init(name: String, shape: [Int?]?) {
        self.name = name
        self.shape = shape
        staticShape = shape.flatMap { sizes in sizes.contains(nil) ? nil : sizes.compactMap { $0 } }
    }

    package func accepts(_ given: [Int]) -> Bool {
        guard let shape else { return true }
        return given.count == shape.count && zip(given, shape).allSatisfy { $1 == nil || $0 == $1 }
    }
}
