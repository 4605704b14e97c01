import Foundation

/// The tensors of a source under names without a prefix that all of them have: `module.`, which `DataParallel` puts before them.
public struct UnprefixedTensors: TensorSource {
    public let source: any TensorSource
    public let prefix: String
    public let tensorNames: [String]

    /// nil where not all tensors have the prefix, or where there are none.
    public init?(_ source: any TensorSource, prefix: String) {
        let names = source.tensorNames
        guard !names.isEmpty, names.allSatisfy({ $0.utf8.count > prefix.utf8.count && $0.hasPrefix(prefix) }) else { return nil }
        self.source = source
        self.prefix = prefix
        tensorNames = names.map { String($0.dropFirst(prefix.count)) }
    }

    public var name: String { source.name }
    public var fingerprint: String { source.fingerprint }
    public func shape(of tensor: String) -> [Int]? { source.shape(of: prefix + tensor) }
    public func elementType(of tensor: String) -> TensorElementType? { source.elementType(of: prefix + tensor) }
    public func tensor(_ name: String) throws -> Tensor { try source.tensor(prefix + name) }
    public func bytes(of tensor: String) throws -> Data { try source.bytes(of: prefix + tensor) }
    public func fileLocation(of tensor: String) throws -> FileLocation? { try source.fileLocation(of: prefix + tensor) }
}
